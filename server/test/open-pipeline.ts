import { createChanges } from '../src/kit/changes.ts'
import type { Clock } from '../src/kit/clock.ts'
import { createCursors } from '../src/kit/cursor.ts'
import type { Database } from '../src/kit/database.ts'
import { createHot } from '../src/kit/hot.ts'
import { givenKek } from '../src/kit/key-wrapper.ts'
import { createLog } from '../src/kit/log.ts'
import type { Caller } from '../src/kit/operation.ts'
import { createPipeline, type Decider } from '../src/kit/pipeline.ts'
import { systemRandom } from '../src/kit/random.ts'
import { openSealer } from '../src/kit/seal.ts'

/** An admin of everything, for tests and benches that are not about who may. */
export const adminCaller: Caller = {
  actor: { principalType: 'human', id: 'per_test_admin', name: 'test admin' },
  roles: [{ role: 'admin', team: null }],
  credential: null,
  instance: null,
  token: null,
  workflow: null,
  source: { ip: '127.0.0.1', region: null, userAgent: 'test' },
  requestId: 'req_test',
  traceparent: null,
}

/** A decider that allows everything; tests about deciding use the policy room's own. */
export const allowAll: Decider = {
  sees: () => true,
  part: () => undefined,
  decide: () => ({
    isAllowed: true,
    decision: {
      id: 'dec_test',
      outcome: 'allow',
      enforced: true,
      policies: [],
      revision: 'test',
      missing: [],
      request: null,
    },
    kept: [],
  }),
}

/** The real pipeline on a database that is open and migrated, and what it stands on. */
export const openPipeline = async (database: Database, { clock, decider }: { clock: Clock; decider: Decider }) => {
  const random = systemRandom()
  const log = createLog('silent')
  const sealer = await database.write((tx) => openSealer(tx, givenKek(random.bytes(32)), { random, clock }))
  await sealer.reserve(database)
  const changes = createChanges(database, clock, log)
  const committed = () => undefined
  const hot = createHot({ database, changes, clock, random, log, committed })
  const pipeline = createPipeline({ database, changes, hot, decider, sealer, clock, random, log, committed })
  const close = async (): Promise<void> => {
    await hot.drain()
    await changes.stop()
    await database.close()
  }
  return { random, sealer, changes, hot, pipeline, cursors: createCursors(sealer.derive('cursor')), close }
}

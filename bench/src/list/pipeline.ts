import { createChanges } from '../../../server/src/kit/changes.ts'
import { type Cursors, createCursors } from '../../../server/src/kit/cursor.ts'
import type { Database } from '../../../server/src/kit/database.ts'
import { createHot } from '../../../server/src/kit/hot.ts'
import { givenKek } from '../../../server/src/kit/key-wrapper.ts'
import { createLog } from '../../../server/src/kit/log.ts'
import type { Caller } from '../../../server/src/kit/operation.ts'
import { createPipeline, type Decider, type Pipeline } from '../../../server/src/kit/pipeline.ts'
import { type Random, systemRandom } from '../../../server/src/kit/random.ts'
import { openSealer } from '../../../server/src/kit/seal.ts'
import { NOW } from './register.ts'

const clock = { now: () => NOW, monotonicMs: () => performance.now() }

const caller: Caller = {
  actor: { principalType: 'human', id: 'per_bench', name: 'bench' },
  roles: [{ role: 'admin', team: null }],
  credential: null,
  instance: null,
  token: null,
  workflow: null,
  source: { ip: '127.0.0.1', region: null, userAgent: 'bench' },
  requestId: 'req_bench',
  traceparent: null,
}

// What deciding costs, `npm run bench -- decide` tells.
const decider: Decider = {
  sees: () => true,
  part: () => undefined,
  decide: () => ({
    isAllowed: true,
    decision: {
      id: 'dec_bench',
      outcome: 'allow',
      enforced: true,
      policies: [],
      revision: 'bench',
      missing: [],
      request: null,
    },
    kept: [],
  }),
}

/** The pipeline on a database, as an admin calls it. */
export const openPipeline = async (
  database: Database,
): Promise<{ pipeline: Pipeline; cursors: Cursors; random: Random; caller: Caller; close(): Promise<void> }> => {
  const random = systemRandom()
  const log = createLog('silent')
  const sealer = await database.write((tx) => openSealer(tx, givenKek(random.bytes(32)), { random, clock }))
  const changes = createChanges(database, clock, log)
  const committed = () => undefined
  const hot = createHot({ database, changes, clock, random, log, committed })
  const pipeline = createPipeline({ database, changes, hot, decider, sealer, clock, random, log, committed })
  const close = async () => {
    await hot.drain()
    await changes.stop()
    await database.close()
  }
  return { pipeline, cursors: createCursors(sealer.derive('cursor')), random, caller, close }
}

import { type InventoryPorts, inventoryOperations } from '../../../server/src/inventory/index.ts'
import { createChanges } from '../../../server/src/kit/changes.ts'
import { createCursors } from '../../../server/src/kit/cursor.ts'
import type { Database } from '../../../server/src/kit/database.ts'
import { createHot } from '../../../server/src/kit/hot.ts'
import { givenKek } from '../../../server/src/kit/key-wrapper.ts'
import { createLog } from '../../../server/src/kit/log.ts'
import type { Caller } from '../../../server/src/kit/operation.ts'
import { createPipeline, type Decider } from '../../../server/src/kit/pipeline.ts'
import { systemRandom } from '../../../server/src/kit/random.ts'
import { EVERYTHING } from '../../../server/src/kit/scope.ts'
import { openSealer } from '../../../server/src/kit/seal.ts'
import { isWholeTable, planOf, recordQueries } from '../../../server/test/query-plans.ts'
import { NOW } from './register.ts'

/** Asks the real operation through the real pipeline, its record committed before the answer is here. */
export interface Asker {
  /** The cursor of the page after this place, as the operation itself would make it. */
  cursorAt(input: object, place: readonly (string | number)[]): string
  ask(input: object): Promise<ListAnswer>
  /** Queries of this question whose plan reads or sorts a whole table. */
  badPlans(input: object): Promise<readonly string[]>
  close(): Promise<void>
}

/** What the list answers, as far as the bench looks at it. */
export interface ListAnswer {
  readonly items: readonly { readonly name: string }[]
  readonly nextCursor: string | null
}

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

const notAsked = async (): Promise<never> => {
  throw new Error('a list asks no other room')
}

/** Opens the pipeline on a loaded database. */
export const createAsker = async (database: Database): Promise<Asker> => {
  const random = systemRandom()
  const log = createLog('silent')
  const sealer = await database.write((tx) => openSealer(tx, givenKek(random.bytes(32)), { random, clock }))
  const changes = createChanges(database, clock, log)
  const committed = () => undefined
  const hot = createHot({ database, changes, clock, random, log, committed })
  const pipeline = createPipeline({ database, changes, hot, decider, sealer, clock, random, log, committed })
  const cursors = createCursors(sealer.derive('cursor'))
  const ports: InventoryPorts = {
    cursors,
    stops: { stop: notAsked, lift: notAsked, moved: notAsked, unconfirmed: notAsked },
    impact: { credentials: notAsked, grants: notAsked, recentUse: notAsked },
    approvals: { spend: notAsked },
    belongings: { give: notAsked },
    endings: { retire: notAsked },
  }
  const list = inventoryOperations.map((plug) => plug(ports)).find((each) => each.name === 'inventory.identity.list')
  if (list === undefined) throw new Error('there is no list')
  return {
    cursorAt: (input, place) => {
      // As the schema reads them: cursors are bound to the filters in its order.
      const filters = Object.entries(Object(list.input.parse(input))).filter(([field]) => field !== 'limit')
      return cursors.make(JSON.stringify([list.name, Object.fromEntries(filters)]), place)
    },
    ask: async (input) => answerOf(await pipeline.call(list, input, caller)),
    badPlans: async (input) => {
      const recorded = recordQueries(database.reader)
      const given = { caller, now: NOW, input: list.input.parse(input), db: recorded.db }
      await list.run({
        ...given,
        newId: (prefix: string) => random.id(prefix),
        sees: () => true,
        scope: EVERYTHING,
      })
      const bad: string[] = []
      for (const query of recorded.queries()) {
        const plan = await planOf(database.engine, database.reader, query)
        if (isWholeTable(database.engine, plan, 'inventory_identity')) bad.push(`${query.sql}\n${plan}`)
      }
      return bad
    },
    close: async () => {
      await hot.drain()
      await changes.stop()
      await database.close()
    },
  }
}

const answerOf = (answer: unknown): ListAnswer => {
  if (typeof answer !== 'object' || answer === null || !('items' in answer) || !('nextCursor' in answer))
    throw new Error('the answer is no page')
  const { items, nextCursor } = answer
  if (!Array.isArray(items)) throw new Error('the answer has no items')
  return { items, nextCursor: typeof nextCursor === 'string' ? nextCursor : null }
}

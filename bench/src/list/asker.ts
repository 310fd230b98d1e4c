import { type InventoryPorts, inventoryOperations } from '../../../server/src/inventory/index.ts'
import type { Database } from '../../../server/src/kit/database.ts'
import { EVERYTHING } from '../../../server/src/kit/scope.ts'
import { isWholeTable, planOf, recordQueries } from '../../../server/test/query-plans.ts'
import { openPipeline } from './pipeline.ts'
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

const notAsked = async (): Promise<never> => {
  throw new Error('a list asks no other room')
}

const neverSealed = (): never => {
  throw new Error('a list seals nothing')
}

/** Opens the pipeline on a loaded database. */
export const createAsker = async (database: Database): Promise<Asker> => {
  const { pipeline, cursors, random, caller, close } = await openPipeline(database)
  const ports: InventoryPorts = {
    cursors,
    stops: { stop: notAsked, lift: notAsked, moved: notAsked, unconfirmed: notAsked },
    impact: { credentials: notAsked, grants: notAsked, recentUse: notAsked },
    approvals: { spend: notAsked },
    keys: { holders: notAsked },
    belongings: { give: notAsked, follow: notAsked },
    endings: { retire: notAsked },
    connectors: { sealer: { seal: neverSealed }, vendors: { problem: neverSealed } },
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
    close,
  }
}

const answerOf = (answer: unknown): ListAnswer => {
  if (typeof answer !== 'object' || answer === null || !('items' in answer) || !('nextCursor' in answer))
    throw new Error('the answer is no page')
  const { items, nextCursor } = answer
  if (!Array.isArray(items)) throw new Error('the answer has no items')
  return { items, nextCursor: typeof nextCursor === 'string' ? nextCursor : null }
}

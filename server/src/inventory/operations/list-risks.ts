import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { RiskView, riskViewOf } from '../risk-shape.ts'
import { operation } from '../room.ts'
import { listRisks as readRisks } from '../store-risk.ts'

const LIST = 'inventory.risk.list'
const Position = z.tuple([z.number(), z.string()])
const ABOVE_ALL = 1000

/** Lists all identities by their risk. */
export const listRisks = operation.read({
  name: LIST,
  summary: 'list identities by their risk, the highest first, each with every reason for its score',
  input: z.strictObject({
    high: z.boolean().optional().describe('privileged, long-lived and reachable from the internet at once, or not'),
    ...PageInput,
  }),
  output: z.object({ items: z.array(RiskView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports }) => {
    const { cursor, limit, high } = input
    const list = JSON.stringify([LIST, high ?? null])
    const [score, name] = cursor === undefined ? [ABOVE_ALL, ''] : Position.parse(ports.cursors.open(list, cursor))
    const found = await readRisks(db, { isHigh: high, after: { score, name }, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.score, last.name]))
    const items = page.items.map(riskViewOf)
    return { output: { items, nextCursor: page.nextCursor } }
  },
})

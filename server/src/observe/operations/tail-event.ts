import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { searchLedger, tailLedger } from '../../ledger/reader.ts'
import { EventOutput } from '../event-shape.ts'
import { operation } from '../room.ts'

/** The newest events, or what came after a number: asked again with `next`, it follows the log without a gap. */
export const tailEvent = operation.list({
  name: 'observe.event.tail',
  summary: 'show the newest events, or those after a number, oldest first',
  input: z.strictObject({
    after: z.number().int().min(-1).optional(),
    limit: z.number().int().min(1).max(200).default(50),
  }),
  output: z.object({ items: z.array(EventOutput).readonly(), next: z.number() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, scope }) => {
    const { after, limit } = input
    const items =
      after === undefined
        ? (await searchLedger(db, scope, undefined, limit, {})).toReversed()
        : await tailLedger(db, scope, after, limit)
    return { output: { items, next: items.at(-1)?.seq ?? after ?? -1 } }
  },
})

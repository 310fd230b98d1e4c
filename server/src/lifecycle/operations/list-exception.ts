import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { ExceptionOutput, toExceptionOutput } from '../exception-shape.ts'
import { operation } from '../room.ts'
import { listExceptions } from '../store-exception.ts'

const Position = z.tuple([z.number(), z.string()])

/** Lists exceptions, newest first. */
export const listException = operation.list({
  name: 'lifecycle.exception.list',
  summary: 'list exceptions, newest first',
  input: z.strictObject({
    ...PageInput,
    kind: z.string().min(1).max(50).optional(),
    subject: z.string().min(1).max(300).optional(),
    inForce: z.boolean().default(false),
  }),
  output: z.object({ items: z.array(ExceptionOutput), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, now, scope }) => {
    const { cursor, limit, kind, subject, inForce } = input
    const list = JSON.stringify(['lifecycle.exception.list', kind, subject, inForce])
    const place = cursor === undefined ? undefined : Position.parse(ports.cursors.open(list, cursor))
    const after = place && { createdAtMs: place[0], id: place[1] }
    const inForceAt = inForce ? now : undefined
    const found = await listExceptions(db, scope, { kind, subject, inForceAt, after, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.createdAt.getTime(), last.id]))
    return { output: { items: page.items.map(toExceptionOutput), nextCursor: page.nextCursor } }
  },
})

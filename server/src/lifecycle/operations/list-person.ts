import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { PersonOutput, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import { listPersons } from '../store-person.ts'

const Position = z.tuple([z.string()])

/** Lists people. */
export const listPerson = operation.list({
  name: 'lifecycle.person.list',
  summary: 'list the people who may use this server, with their roles',
  input: z.strictObject({ ...PageInput, state: z.enum(['active', 'removed']).optional() }),
  output: z.object({ items: z.array(PersonOutput), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope }) => {
    const list = JSON.stringify(['lifecycle.person.list', input.state ?? null])
    const [afterId] = input.cursor === undefined ? [''] : Position.parse(ports.cursors.open(list, input.cursor))
    const found = await listPersons(db, scope, { state: input.state, afterId, limit: input.limit + 1 })
    const page = pageOf(found, input.limit, ({ id }) => ports.cursors.make(list, [id]))
    return { output: { items: page.items.map(toPersonOutput), nextCursor: page.nextCursor } }
  },
})

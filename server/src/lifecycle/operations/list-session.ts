import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { pageOf } from '../../kit/page.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import { SessionOutput, toSessionOutput } from '../session-shape.ts'
import { listSessions } from '../store-session.ts'
import { personOf } from './show-person.ts'

const Position = z.tuple([z.string()])

/** Lists the sessions of a person that are in force. */
export const listSession = operation.read({
  name: 'lifecycle.session.list',
  summary: 'list the sessions in force of a person, or your own',
  input: z.strictObject({ ...PageInput, person: z.string().min(1).max(64).optional() }),
  output: z.object({ items: z.array(SessionOutput), nextCursor: z.string().nullable() }),
  faults: [],
  principals: ['human'],
  on: async ({ db, input, caller }) => personSubject(await personOf(db, input.person ?? caller.actor.id)),
  run: async ({ db, input, caller, ports, now }) => {
    const person = input.person ?? caller.actor.id ?? ''
    const list = JSON.stringify(['lifecycle.session.list', person])
    const [afterId] = input.cursor === undefined ? [''] : Position.parse(ports.cursors.open(list, input.cursor))
    const found = await listSessions(db, { person, now, afterId, limit: input.limit + 1 })
    const page = pageOf(found, input.limit, ({ id }) => ports.cursors.make(list, [id]))
    return { output: { items: page.items.map(toSessionOutput), nextCursor: page.nextCursor } }
  },
})

import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { pageOf } from '../../kit/page.ts'
import { AliasView, aliasViewOf } from '../alias-shape.ts'
import { operation } from '../room.ts'
import { aliasesOf } from '../store-alias.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

const LIST = 'inventory.alias.list'
const Position = z.tuple([z.number(), z.string()])

/** Lists under which stable keys an identity is known, and was: merges and splits among them. */
export const listAliases = operation.read({
  name: LIST,
  summary: 'list under which stable keys an identity is known, and was, with who said so and why it ended',
  input: z.strictObject({ identity: reference('identity'), ...PageInput }),
  output: z.object({ items: z.array(AliasView), nextCursor: z.string().nullable() }),
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input, ports }) => {
    const { id } = await needIdentity(db, input.identity)
    const list = JSON.stringify([LIST, id])
    const [sinceMs, after] =
      input.cursor === undefined ? [-1, ''] : Position.parse(ports.cursors.open(list, input.cursor))
    const found = await aliasesOf(db, id, { after: { sinceMs, id: after }, limit: input.limit + 1 })
    const page = pageOf(found, input.limit, (last) => ports.cursors.make(list, [last.since.getTime(), last.id]))
    return { output: { items: page.items.map(aliasViewOf), nextCursor: page.nextCursor } }
  },
})

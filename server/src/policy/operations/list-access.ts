import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { DirectoryInput } from '../directory.ts'
import { operation } from '../room.ts'
import { declaredPage } from '../store-declared.ts'

const LIST = 'policy.access.list'
const Place = z.tuple([z.string(), z.string(), z.string()])

/** Lists what directories of access as code declare: whose each object is. */
export const listAccess = operation.read({
  name: LIST,
  summary: 'list what directories of access as code declared when they were last applied',
  input: z.strictObject({
    directory: DirectoryInput.shape.directory.unwrap().optional().describe('of this one alone'),
    ...PageInput,
  }),
  output: z.object({
    items: z.array(
      z.object({
        directory: z.string(),
        type: z.string(),
        name: z.string().describe('of a grant: whose it is, and what it gives'),
        id: z.string().nullable(),
        isCreated: z.boolean().describe('whether the directory made it, and ends it when it is no longer declared'),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input: { directory, limit, cursor }, ports }) => {
    const list = JSON.stringify([LIST, directory])
    const after = cursor === undefined ? undefined : placeOf(ports.cursors.open(list, cursor))
    const found = await declaredPage(db, { directory, after, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.directory, last.type, last.name]))
    return {
      output: {
        items: page.items.map((one) => ({
          directory: one.directory,
          type: one.type,
          name: one.name,
          id: one.object,
          isCreated: one.isCreated,
        })),
        nextCursor: page.nextCursor,
      },
    }
  },
})

const placeOf = (opened: readonly (string | number)[]): z.infer<typeof Place> => {
  const place = Place.safeParse(opened)
  if (!place.success) throw coreFault('bad_cursor')
  return place.data
}

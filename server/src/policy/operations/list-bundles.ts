import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { operation } from '../room.ts'
import { seenLines } from '../seen-lines.ts'
import { BundleView } from '../shapes.ts'
import { listBundles as readBundles } from '../store-bundle.ts'
import { bundleView } from '../views.ts'

const LIST = 'policy.bundle.list'

/** Lists bundles by name. */
export const listBundles = operation.read({
  name: LIST,
  summary: 'list the bundles by name',
  input: z.strictObject(PageInput),
  output: z.object({ items: z.array(BundleView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, sees }) => {
    const after = input.cursor === undefined ? undefined : String(ports.cursors.open(LIST, input.cursor)[0])
    const found = await readBundles(db, after, input.limit + 1)
    const page = pageOf(found, input.limit, (last) => ports.cursors.make(LIST, [last.name]))
    const { resource } = ports.memory.base()
    const items = page.items.map(seenLines(sees, resource)).map((one) => bundleView(one, { resource }))
    return { output: { items, nextCursor: page.nextCursor } }
  },
})

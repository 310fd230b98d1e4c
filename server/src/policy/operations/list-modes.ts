import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { ModeView, modeView } from '../mode-target.ts'
import { operation } from '../room.ts'
import { listModes as readModes } from '../store-mode.ts'

const LIST = 'policy.mode.list'

/** Lists what is report-only, and since when. */
export const listModes = operation.list({
  name: LIST,
  summary: 'list what is report-only, and since when',
  input: z.strictObject(PageInput),
  output: z.object({ items: z.array(ModeView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope }) => {
    const [kind, target] = input.cursor === undefined ? [] : ports.cursors.open(LIST, input.cursor).map(String)
    const after = kind === undefined || target === undefined ? undefined : { kind, target }
    const found = await readModes(db, scope, { after, limit: input.limit + 1 })
    const page = pageOf(found, input.limit, (last) => ports.cursors.make(LIST, [last.kind, last.target]))
    const items = await Promise.all(page.items.map((mode) => modeView(ports, db, mode)))
    return { output: { items, nextCursor: page.nextCursor } }
  },
})

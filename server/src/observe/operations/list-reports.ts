import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { ReportView, reportViewOf } from '../report-shape.ts'
import { operation } from '../room.ts'
import { listReports as readReports } from '../store-report.ts'

const LIST = 'observe.report.list'
const Position = z.tuple([z.number()])

/** Lists the reports of what is at high risk. */
export const listReports = operation.read({
  name: LIST,
  summary: 'list the reports of what is at high risk, the newest first, each with its difference and its delivery',
  input: z.strictObject({ ...PageInput }),
  output: z.object({ items: z.array(ReportView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input: { cursor, limit }, ports }) => {
    const [before] = cursor === undefined ? [Number.MAX_SAFE_INTEGER] : Position.parse(ports.cursors.open(LIST, cursor))
    const found = await readReports(db, { before, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(LIST, [last.number]))
    return { output: { items: page.items.map(reportViewOf), nextCursor: page.nextCursor } }
  },
})

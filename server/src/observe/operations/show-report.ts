import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { CHANGES } from '../domain/high-risk.ts'
import { fault } from '../faults.ts'
import { lineViewOf, ReportLineView, ReportView, reportViewOf } from '../report-shape.ts'
import { operation } from '../room.ts'
import { findReport, lastReport, linesOf } from '../store-report.ts'

const Position = z.tuple([z.string(), z.number()])

/** Shows a report of what is at high risk. */
export const showReport = operation.read({
  name: 'observe.report.show',
  summary: 'show a report of what is at high risk: what is new, changed, gone and the same since the one before',
  input: z.strictObject({
    report: z.string().min(1).max(64).optional().describe('its id; the newest one without'),
    change: z.enum(CHANGES).optional().describe('only these lines'),
    ...PageInput,
  }),
  output: z.object({ report: ReportView, items: z.array(ReportLineView), nextCursor: z.string().nullable() }),
  faults: ['report_not_found'],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports }) => {
    const { cursor, limit, change } = input
    const list = JSON.stringify(['observe.report.show', input.report ?? null, change ?? null])
    const [begun, after] = cursor === undefined ? [undefined, -1] : Position.parse(ports.cursors.open(list, cursor))
    // The report whose pages were begun, to its end, though a newer one was made meanwhile.
    const id = begun ?? input.report
    const report = id === undefined ? await lastReport(db) : await findReport(db, id)
    if (report === undefined) throw fault('report_not_found')
    const found = await linesOf(db, report.number, { change, after, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [report.id, last.place]))
    return {
      output: { report: reportViewOf(report), items: page.items.map(lineViewOf), nextCursor: page.nextCursor },
      evidence: { report: report.id },
    }
  },
})

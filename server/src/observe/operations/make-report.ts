import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { makeReport as make } from '../make-report.ts'
import { ReportView, reportViewOf } from '../report-shape.ts'
import { operation } from '../room.ts'

/** Makes a report of what is at high risk, now. */
export const makeReport = operation.write({
  name: 'observe.report.make',
  summary:
    'report now what is privileged, long-lived and reachable from the internet, with the difference to the last report',
  input: z.strictObject({}),
  output: ReportView,
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ tx, caller, now, ports }) => {
    const report = await make(tx, ports, { by: caller.actor.id, now })
    if (report === undefined) throw new Error('a report that is always due was not made')
    return { output: reportViewOf(report), evidence: reportEvidence(report) }
  },
})

/** What the record of a report says of it. */
export const reportEvidence = ({
  id,
  standing,
  fresh,
  changed,
  gone,
}: Readonly<Record<'standing' | 'fresh' | 'changed' | 'gone', number>> & { readonly id: string }) => ({
  ...{ report: id, standing, new: fresh, changed, gone },
})

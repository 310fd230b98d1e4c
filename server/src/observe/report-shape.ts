import { z } from 'zod'
import { Moment } from '../kit/text.ts'
import { CHANGES, type ReportedLine } from './domain/high-risk.ts'
import { DELIVERIES, type Report } from './store-report.ts'

/** A report as callers see it, without its lines. */
export const ReportView = z.object({
  id: z.string(),
  number: z.number().int(),
  madeAt: Moment,
  madeBy: z.string().nullable().describe('null: by the server, on schedule'),
  previous: z.string().nullable().describe('the report that the difference is to'),
  standing: z.number().int().describe('how many stand at high risk, accepted ones among them'),
  new: z.number().int(),
  changed: z.number().int(),
  gone: z.number().int(),
  delivery: z.object({
    state: z.enum(DELIVERIES).describe('none: nobody is named who is told (REEVE_REPORT_WEBHOOK)'),
    attempts: z.number().int(),
    deliveredAt: Moment.nullable(),
    retryAt: Moment.nullable(),
    lastError: z.string().nullable(),
  }),
})

/** A line of a report as callers see it. */
export const ReportLineView = z.object({
  change: z.enum(CHANGES),
  because: z.array(z.string()).describe('which facts are others than in the report before'),
  finding: z.string(),
  identity: z.string().nullable(),
  name: z.string().nullable(),
  team: z.string().nullable(),
  severity: z.string(),
  state: z.string(),
  source: z.string(),
  where: z.string().nullable(),
  evidence: z.array(z.string()),
  firstSeenAt: Moment,
  accepted: z.object({ until: Moment, reason: z.string() }).nullable(),
})

/** What callers see of a report. */
export const reportViewOf = (report: Report): z.infer<typeof ReportView> => ({
  ...{ id: report.id, number: report.number, madeAt: report.madeAt.toISOString(), madeBy: report.madeBy },
  ...{ previous: report.previous, standing: report.standing },
  ...{ new: report.fresh, changed: report.changed, gone: report.gone },
  delivery: {
    ...{ state: report.delivery, attempts: report.attempts, lastError: report.lastError },
    deliveredAt: report.deliveredAt?.toISOString() ?? null,
    retryAt: report.delivery === 'pending' ? report.retryAt.toISOString() : null,
  },
})

/** What callers see of a line. */
export const lineViewOf = (line: ReportedLine): z.infer<typeof ReportLineView> => ({
  ...{ change: line.change, because: [...line.because], finding: line.finding, identity: line.identity },
  ...{ name: line.name, team: line.team, severity: line.severity, state: line.state, source: line.source },
  ...{ where: line.where, evidence: [...line.evidence], firstSeenAt: line.firstSeenAt, accepted: line.accepted },
})

import type { ReportedFinding } from '../reported-finding.ts'

/** That whoever is to be told of what is at high risk takes nothing; it closes with the next report that is taken. */
export const undeliveredReport = (report: string, attempts: number, why: string): ReportedFinding => ({
  fingerprint: UNDELIVERED,
  rule: 'report-undelivered',
  severity: 'high',
  confidence: 'high',
  // OWASP NHI Top 10 2025: improper offboarding; what is reported and not heard is not looked after.
  owasp: 'NHI1',
  title: 'the standing report of what is at high risk does not arrive',
  why: `whoever should act on it has not got it: ${why}`,
  fix: 'look at `reeve report list` and at the receiver; REEVE_REPORT_WEBHOOK names it. It is tried until it is taken',
  identity: null,
  where: null,
  evidence: { report, attempts: String(attempts), error: why },
})

/** What makes it the same finding again. */
export const UNDELIVERED = 'observe.report.undelivered'

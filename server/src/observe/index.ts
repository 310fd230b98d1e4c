import type { Unplugged } from '../kit/operation.ts'
import { acceptFinding } from './operations/accept-finding.ts'
import { exportEvent } from './operations/export-event.ts'
import { importFinding } from './operations/import-finding.ts'
import { listFinding } from './operations/list-finding.ts'
import { listReports } from './operations/list-reports.ts'
import { makeReport } from './operations/make-report.ts'
import { proveCheckpoint } from './operations/prove-checkpoint.ts'
import { reportUse } from './operations/report-use.ts'
import { searchEvent } from './operations/search-event.ts'
import { showCheckpoint } from './operations/show-checkpoint.ts'
import { showEvent } from './operations/show-event.ts'
import { showFinding } from './operations/show-finding.ts'
import { showReport } from './operations/show-report.ts'
import { showWhy } from './operations/show-why.ts'
import { tailEvent } from './operations/tail-event.ts'
import type { ObservePorts } from './room.ts'

export { observeFaults } from './faults.ts'
export { deliverReports } from './jobs/deliver-reports.ts'
export { forgetOldReports, makeReports } from './jobs/make-reports.ts'
export { forgetOldUse, recordLastUse, usesCountedUntil } from './jobs/record-last-use.ts'
export { reopenFindings } from './jobs/reopen-findings.ts'
export { thinCheckpoints } from './jobs/thin-checkpoints.ts'
export { createJudgement } from './judgement.ts'
export { openRisk, riskSignals } from './open-risk.ts'
export { createReport } from './report.ts'
export type { LastUsed, ObservePorts, Reason, ReportReceiver, UsePorts } from './room.ts'
export { giveFindings, moveFindings } from './store-finding.ts'
export { personDaysSince, usedByPeople } from './store-people.ts'
export { actionsUsed, recentUse, usesSince } from './store-use.ts'

/** The operations of this room, waiting for its ports. */
export const observeOperations: readonly Unplugged<ObservePorts>[] = [
  importFinding,
  listFinding,
  showFinding,
  acceptFinding,
  makeReport,
  listReports,
  showReport,
  tailEvent,
  searchEvent,
  showEvent,
  exportEvent,
  showCheckpoint,
  proveCheckpoint,
  showWhy,
  reportUse,
]

import { Cron } from 'croner'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { appendEvents } from '../../ledger/append.ts'
import { ownAct } from '../../ledger/own-act.ts'
import { makeReport, type ReportParts } from '../make-report.ts'
import { reportEvidence } from '../operations/make-report.ts'
import { forgetReports, lastReport, type Report } from '../store-report.ts'

const MINUTE_MS = 60_000

/**
 * Makes the standing report when its schedule (UTC) says so. A server that was down then makes it when it is back, and
 * none twice: it is due while the newest report is older than the last moment of the schedule.
 */
export const makeReports = (given: {
  readonly database: Database
  readonly parts: ReportParts
  readonly schedule: string | undefined
  committed(): void
}): Job => ({
  name: 'observe: make reports',
  schedule: '25 * * * * *',
  run: async (now) => {
    const { database, parts, schedule } = given
    if (schedule === undefined) return
    const isDue = (last: Report | undefined): boolean => {
      // Of a deployment that never had one, only a moment that passed since the last turn counts.
      const since = last?.madeAt ?? new Date(now.getTime() - MINUTE_MS)
      const next = new Cron(schedule, { timezone: 'UTC', paused: true }).nextRun(since)
      return next !== null && next <= now
    }
    if (!isDue(await lastReport(database.reader))) return
    await database.write(async (tx: AnyTx) => {
      const report = await makeReport(tx, parts, { by: null, now, isStillDue: isDue })
      if (report === undefined) return
      const act = { kind: 'observe.report.make', on: DEPLOYMENT, change: [], evidence: reportEvidence(report) }
      await appendEvents(tx, [ownAct(act, parts.random.id('req'))], { random: parts.random, now })
    })
    given.committed()
  },
})

/** Forgets reports that are older than anybody compares with. */
export const forgetOldReports = (database: Database): Job => ({
  name: 'observe: forget old reports',
  schedule: '0 43 3 * * *',
  run: (now) => database.write((tx: AnyTx) => forgetReports(tx, now)),
})

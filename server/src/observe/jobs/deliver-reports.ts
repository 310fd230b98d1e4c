import type { Clock } from '../../kit/clock.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import { type Outbound, OutboundError } from '../../kit/fetch.ts'
import type { Job } from '../../kit/job.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import { ownAct } from '../../ledger/own-act.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import { UNDELIVERED, undeliveredReport } from '../delivery-finding.ts'
import { OWN_SOURCE } from '../domain/finding.ts'
import { CHANGES } from '../domain/high-risk.ts'
import { findingEvent } from '../finding-event.ts'
import { lineViewOf, reportViewOf } from '../report-shape.ts'
import type { ReportReceiver } from '../room.ts'
import { webhookHeaders } from '../sign-webhook.ts'
import { claimDelivery, keepDelivered, keepUndelivered } from '../store-delivery.ts'
import { closeFinding } from '../store-finding.ts'
import { linesOf, type Report } from '../store-report.ts'

// Longer than a delivery takes; who dies with one leaves it to others after it.
const CLAIM_MS = 30_000
const BACKOFF_MS_MIN = 10_000
const BACKOFF_MS_MAX = 60 * 60_000
/** From how many failures in a row on it is found that nobody takes the report. */
const FAILURES_FOUND = 5
const LINES_MAX = 100

/** What delivering stands on. */
export interface DeliveryParts {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly outbound: Pick<Outbound, 'post'>
  readonly receiver: ReportReceiver | undefined
  readonly findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
  committed(): void
}

/**
 * Tells the receiver of each report, in order and at least once: what it did not take, or what died between its answer
 * and the record of that, is told again under the same id, from ten seconds to an hour apart, for as long as it is kept.
 */
export const deliverReports = (parts: DeliveryParts): Job => ({
  name: 'observe: deliver reports',
  schedule: '*/10 * * * * *',
  run: async () => {
    for (let isTaken = true; isTaken; ) isTaken = await deliverNext(parts)
  },
})

const deliverNext = async (parts: DeliveryParts): Promise<boolean> => {
  const { database, clock, receiver } = parts
  if (receiver === undefined) return false
  const now = clock.now()
  const until = new Date(now.getTime() + CLAIM_MS)
  const report = await database.write((tx: AnyTx) => claimDelivery(tx, now, until))
  if (report === undefined) return false
  const why = await send(parts, receiver, report)
  if (why === undefined) await keepTaken(parts, report)
  else await keepFailed(parts, report, why)
  parts.committed()
  return why === undefined
}

/** Sends it; why it was not taken, if it was not. */
const send = async (
  { database, clock, outbound }: DeliveryParts,
  { url, secrets }: ReportReceiver,
  report: Report,
): Promise<string | undefined> => {
  const body = await bodyOf(database, report)
  const headers = webhookHeaders(`msg_${report.id}`, body, { secrets, now: clock.now() })
  try {
    const { status } = await outbound.post(url, { type: 'application/json', body, headers })
    return status >= 200 && status < 300 ? undefined : `it answers with status ${status}`
  } catch (error) {
    if (error instanceof OutboundError) return error.message
    throw error
  }
}

// INVARIANT: of one report always the same, but for how its delivery stands: that is not told to the one it is made to.
const bodyOf = async (database: Database, report: Report): Promise<string> => {
  const { delivery: _, ...told } = reportViewOf(report)
  const lines: Record<string, unknown> = {}
  for (const change of CHANGES)
    lines[change] = (await linesOf(database.reader, report.number, { change, after: -1, limit: LINES_MAX })).map(
      lineViewOf,
    )
  return JSON.stringify({
    type: 'observe.report.made',
    timestamp: told.madeAt,
    // Of each kind the first lines; `reeve report show` has all, and the numbers say how many there are.
    data: { report: told, linesMax: LINES_MAX, lines },
  })
}

const keepTaken = async ({ database, clock, random }: DeliveryParts, report: Report): Promise<void> => {
  const now = clock.now()
  await database.write(async (tx: AnyTx) => {
    if (!(await keepDelivered(tx, report.number, now))) return
    const requestId = random.id('req')
    const closed = await closeFinding(tx, OWN_SOURCE, UNDELIVERED, now)
    const because = `report ${report.id} was taken`
    const act = {
      ...{ kind: 'observe.report.deliver', on: DEPLOYMENT },
      change: [{ field: 'delivery', before: 'pending', after: 'delivered' }],
      evidence: { report: report.id, attempts: report.attempts },
    }
    const ends = closed.map((one) =>
      // It is about this server: no identity stands in it.
      findingEvent(one, undefined, { verb: 'close', before: 'open', after: 'closed', because }, requestId),
    )
    await appendEvents(tx, [ownAct(act, requestId), ...ends], { random, now })
  })
}

const keepFailed = async ({ database, clock, findings }: DeliveryParts, report: Report, why: string): Promise<void> => {
  const now = clock.now()
  const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(report.attempts - 1, 20))
  await database.write(async (tx: AnyTx) => {
    await keepUndelivered(tx, report.number, { why, retryAt: new Date(now.getTime() + waitMs) })
    if (report.attempts >= FAILURES_FOUND)
      await findings.report(tx, [undeliveredReport(report.id, report.attempts, why)], now)
  })
}

import type { AnyTx } from '../kit/database.ts'
import type { Random } from '../kit/random.ts'
import { differenceOf, type Line } from './domain/high-risk.ts'
import type { KnownIdentity, ObservePorts } from './room.ts'
import type { Finding } from './store-finding.ts'
import { insertReport, lastReport, linesOf, type Report, standingFindings } from './store-report.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_DAYS = 400
const LINES_AT_ONCE = 1000
const TRIES_MAX = 5

/** What making a report stands on. */
export interface ReportParts {
  readonly identities: ObservePorts['identities']
  readonly random: Random
  readonly hasReceiver: boolean
}

/**
 * Makes a report of what is at high risk now, with the difference to the one before. Two that are made at once have one
 * number each: the later one begins again, and is told against the earlier. `isStillDue` is asked again each time.
 */
export const makeReport = async (
  tx: AnyTx,
  { identities, random, hasReceiver }: ReportParts,
  made: { readonly by: string | null; readonly now: Date; isStillDue?(last: Report | undefined): boolean },
): Promise<Report | undefined> => {
  const { by, now, isStillDue = () => true } = made
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const last = await lastReport(tx)
    if (!isStillDue(last)) return undefined
    const before = last === undefined ? [] : await standingIn(tx, last.number)
    const lines = await linesNow(tx, identities, await standingFindings(tx))
    const report = {
      ...{ number: (last?.number ?? 0) + 1, id: random.id('rpt'), madeAt: now, madeBy: by, previous: last?.id ?? null },
      delivery: hasReceiver ? ('pending' as const) : ('none' as const),
      expiresAt: new Date(now.getTime() + KEEP_DAYS * DAY_MS),
    }
    if (await insertReport(tx, report, differenceOf(before, lines))) return lastReport(tx)
  }
  throw new Error('others made reports all the time')
}

// What was gone then is no part of what the next one is compared with.
const standingIn = async (tx: AnyTx, report: number): Promise<readonly Line[]> => {
  const lines: Line[] = []
  for (let after = -1; ; ) {
    const page = await linesOf(tx, report, { after, limit: LINES_AT_ONCE })
    lines.push(...page.filter(({ change }) => change !== 'gone'))
    const last = page.at(-1)
    if (last === undefined || page.length < LINES_AT_ONCE) return lines
    after = last.place
  }
}

const linesNow = async (
  tx: AnyTx,
  identities: ObservePorts['identities'],
  findings: readonly Finding[],
): Promise<readonly Line[]> => {
  const known = new Map<string, KnownIdentity | undefined>()
  for (const { identity } of findings)
    if (identity !== null && !known.has(identity)) known.set(identity, await identities.find(tx, identity))
  return findings.map((finding): Line => {
    const subject = known.get(finding.identity ?? '')
    return {
      ...{ finding: finding.id, identity: finding.identity, name: subject?.name ?? null },
      ...{ team: subject?.owner.name ?? null, severity: finding.severity, state: finding.state },
      ...{ source: finding.source, where: finding.where, evidence: Object.values(finding.evidence) },
      firstSeenAt: finding.firstSeenAt.toISOString(),
      accepted: finding.accepted && {
        until: finding.accepted.until.toISOString(),
        reason: finding.accepted.reason,
      },
    }
  })
}

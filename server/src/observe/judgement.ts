import type { Changes } from '../kit/changes.ts'
import type { AnyDb, AnyTx, Database } from '../kit/database.ts'
import type { Random } from '../kit/random.ts'
import { appendEvents } from '../ledger/append.ts'
import type { EventDraft } from '../ledger/event.ts'
import { JUDGED_SOURCE, rankOf } from './domain/finding.ts'
import { findingEvent } from './finding-event.ts'
import { createIdentityLookup } from './identity-lookup.ts'
import { riskSignals } from './open-risk.ts'
import type { ObservePorts } from './room.ts'
import { findingId, knownElsewhere, reportFindings, type SeenFinding } from './store-finding.ts'
import {
  closeJudged,
  contentOf,
  type KnownFinding,
  knownFindings,
  reopenFindings,
  standingAfter,
} from './store-judged.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** So many are compared at once. */
const FINDINGS_MAX = 1_000

/** What judging the register stands on. */
export interface JudgementParts {
  /** Whose each of these identities is, by id. */
  owners(db: AnyDb, identityIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** What they are named, for events. */
  readonly identities: ObservePorts['identities']
  readonly random: Random
  readonly changes: Pick<Changes, 'signal'>
}

/**
 * Makes the port by which the register is judged: a run reports all that its rules find, page by page, and at its end
 * what it did not find closes. What opens, changes or closes is an event. What is as it was is not written again but
 * once a day: of a large register nearly all is, every hour.
 */
export const createJudgement = (parts: JudgementParts) => ({
  judged: async (tx: AnyTx, findings: readonly SeenFinding[], now: Date): Promise<void> => {
    const all = [...new Map(findings.map((finding) => [finding.fingerprint, finding])).values()]
    for (let start = 0; start < all.length; start += FINDINGS_MAX)
      await keepJudged(tx, parts, all.slice(start, start + FINDINGS_MAX), now)
  },
  /** Closes what stands and is not among what this run found. */
  closeUnjudged: async (database: Database, found: ReadonlySet<string>, now: Date): Promise<void> => {
    for (let after = ''; ; ) {
      const page = await standingAfter(database.reader, after)
      const last = page.at(-1)
      if (last === undefined) return
      const unseen = page.filter((fingerprint) => !found.has(fingerprint))
      if (unseen.length > 0) await database.write((tx: AnyTx) => closeThese(tx, parts, unseen, now))
      after = last
    }
  },
})

const keepJudged = async (
  tx: AnyTx,
  { owners, identities, random, changes }: JudgementParts,
  findings: readonly SeenFinding[],
  now: Date,
): Promise<void> => {
  // What a scan has reported itself is one finding, and that scan's; of identities of the register none reports.
  const seen = findings.filter(({ identity, sighting }) => identity === null || sighting != null)
  const fingerprints = seen.map(({ fingerprint }) => fingerprint)
  const elsewhere = await knownElsewhere(tx, JUDGED_SOURCE, fingerprints)
  const own = findings.filter(({ fingerprint }) => !elsewhere.has(fingerprint))
  if (own.length === 0) return
  const known = await knownFindings(tx, { fingerprints })
  const judgedNow = new Set(seen)
  const about = new Set(own.flatMap((finding) => (judgedNow.has(finding) ? [] : (finding.identity ?? []))))
  const before = new Map([...known, ...(await knownFindings(tx, { identities: [...about] }))])
  const teams = await owners(tx, [...new Set(own.flatMap(({ identity }) => identity ?? []))])
  const teamOf = (identity: string | null): string | null => teams.get(identity ?? '') ?? null
  const moved = own.filter((finding) => {
    const known = before.get(finding.fingerprint)
    const isOld = known === undefined || known.state === 'closed' || now.getTime() - known.lastSeenMs >= DAY_MS
    return isOld || known.content !== contentOf(finding, teamOf(finding.identity))
  })
  if (moved.length === 0) return
  const from = { source: JUDGED_SOURCE, scannedAt: now, teamOf: async (identity: string) => teamOf(identity) }
  const concerned = await reportFindings(tx, moved, now, from)
  // What was accepted was accepted as it was then.
  const isWorse = ({ fingerprint, severity }: SeenFinding): boolean => {
    const known = before.get(fingerprint)
    return known !== undefined && isAccepted(known, now) && rankOf(severity) < rankOf(known.severity)
  }
  const worse = new Set(moved.filter(isWorse).map(({ fingerprint }) => fingerprint))
  await reopenFindings(tx, [...worse])
  const requestId = random.id('req')
  const identityOf = createIdentityLookup(identities, tx)
  const events: EventDraft[] = []
  for (const finding of moved) {
    const { identity, rule, fingerprint } = finding
    const subject = { id: findingId(JUDGED_SOURCE, fingerprint), identity, rule, team: teamOf(identity) }
    for (const move of movesOf(finding, before.get(fingerprint), { isReopened: worse.has(fingerprint), now }))
      events.push(findingEvent(subject, await identityOf(identity), move, requestId))
  }
  await appendEvents(tx, events, { random, now })
  if (events.length > 0) await changes.signal(tx, riskSignals(concerned))
}

// An exception holds until its end, also of what was closed meanwhile.
const isAccepted = ({ state, acceptedUntilMs }: KnownFinding, now: Date): boolean =>
  state === 'accepted' || (state === 'closed' && acceptedUntilMs !== null && acceptedUntilMs > now.getTime())

type Move = Parameters<typeof findingEvent>[2]

const movesOf = (
  { severity, title }: SeenFinding,
  known: KnownFinding | undefined,
  { isReopened, now }: { readonly isReopened: boolean; readonly now: Date },
): readonly Move[] => {
  if (known === undefined) return [{ verb: 'open', before: null, after: 'open', because: title }]
  if (known.state === 'closed') {
    const isStillAccepted = isAccepted(known, now) && !isReopened
    return [{ verb: 'open', before: 'closed', after: isStillAccepted ? 'accepted' : 'open', because: title }]
  }
  if (known.severity === severity) return []
  const because = isReopened ? `it is ${severity}, and was accepted as ${known.severity}: ${title}` : title
  return isReopened
    ? [{ verb: 'reopen', before: 'accepted', after: 'open', because }]
    : [{ verb: 'change', field: 'severity', before: known.severity, after: severity, because }]
}

const closeThese = async (
  tx: AnyTx,
  { identities, random, changes }: JudgementParts,
  fingerprints: readonly string[],
  now: Date,
): Promise<void> => {
  const closed = await closeJudged(tx, fingerprints, now)
  const requestId = random.id('req')
  const because = 'the rules no longer find it'
  const identityOf = createIdentityLookup(identities, tx)
  const events: EventDraft[] = []
  for (const finding of closed) {
    const move = { verb: 'close', before: 'open', after: 'closed', because } as const
    events.push(findingEvent(finding, await identityOf(finding.identity), move, requestId))
  }
  await appendEvents(tx, events, { random, now })
  await changes.signal(tx, riskSignals(closed.map(({ identity }) => identity)))
}

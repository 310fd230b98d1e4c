import type { AnyDb, AnyTx } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { Signal, Subject } from '../kit/operation.ts'
import { isHigher } from '../needed.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import { type Difference, differences, recordOf } from './domain/difference.ts'
import type { Identity } from './domain/identity.ts'
import { daysAfter } from './domain/moment.ts'
import { deniesReadOnly, effectiveBlastRadius, type Rights, type Tier, tierOf } from './domain/tier.ts'
import { fault } from './faults.ts'
import { staysWithinParent } from './lineage.ts'
import { reviewDaysMax } from './particulars.ts'
import { tierFindings } from './regrade-findings.ts'
import { lockIdentity, updateIdentity } from './store-identity.ts'
import { identitySubject } from './subject.ts'

/** What became of an identity whose rights changed. */
export interface Regraded {
  readonly on: Subject
  readonly before: Tier
  readonly after: Tier
  /** What the log tells of it; empty when nothing came of it. */
  readonly change: readonly Difference[]
  /** What it has and its tier no longer allows, in sentences. */
  readonly refused: readonly string[]
  readonly signals: readonly Signal[]
}

/** What a grading that follows the facts must be told and tells. */
export interface RegradePorts {
  readonly findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
  /** What an identity has and its tier of now does not allow. */
  refusedByTier(db: AnyDb, identityId: string, now: Date): Promise<readonly string[]>
}

/**
 * What an identity may do. INVARIANT: it is asked when the identity is locked. Of two who change its rights at the same
 * moment the second sees then what the first did; asked before, the identity would be graded by one of both alone.
 */
type RightsNow = () => Promise<Rights>

/**
 * Derives the tier again after an identity was given rights. Throws `class_below_rights` where they contradict a
 * declaration of read-only, and `exceeds_parent` where they are wider than the parent's: they are then not given.
 */
export const regradeGiven = async (
  tx: AnyTx,
  identityId: string,
  rightsNow: RightsNow,
  now: Date,
): Promise<Regraded> => {
  const before = await locked(tx, identityId)
  const rights = await rightsNow()
  if (deniesReadOnly(before.classification.blastRadius, rights))
    throw fault('class_below_rights', { about: before.name })
  const after = gradedBy(before, rights, now)
  if (after.effectiveBlastRadius !== before.effectiveBlastRadius) await staysWithinParent(tx, after)
  return keep(tx, before, after)
}

/**
 * Derives the tier again after what an identity has turned out to be more, or less, than it was: nothing is given, so
 * nothing is refused. A tier that rose, and what was declared and is no longer true, are findings.
 */
export const regradeFound = async (
  tx: AnyTx,
  ports: RegradePorts,
  identityId: string,
  rightsNow: RightsNow,
  now: Date,
): Promise<Regraded> => {
  const before = await locked(tx, identityId)
  const after = gradedBy(before, await rightsNow(), now)
  const regraded = await keep(tx, before, after)
  if (!isHigher(after.tier, before.tier)) return regraded
  const refused = await ports.refusedByTier(tx, identityId, now)
  await ports.findings.report(tx, tierFindings(before, after, refused), now)
  return { ...regraded, refused }
}

const locked = async (tx: AnyTx, identityId: string): Promise<Identity> => {
  const before = await lockIdentity(tx, identityId)
  if (before === undefined) throw coreFault('not_found', { about: `identity ${identityId}` })
  return before
}

const gradedBy = (before: Identity, rights: Rights, now: Date): Identity => {
  const { blastRadius } = before.classification
  const graded = { ...before, rights, effectiveBlastRadius: effectiveBlastRadius(blastRadius, rights) }
  const tier = tierOf(graded)
  const latest = daysAfter(now, reviewDaysMax({ ...graded, tier }))
  // A higher tier is looked at more often: the review comes forward, never back.
  const review = before.review.at > latest ? { at: latest, text: latest.toISOString() } : before.review
  return { ...graded, tier, review }
}

const keep = async (tx: AnyTx, before: Identity, graded: Identity): Promise<Regraded> => {
  const change = differences(gradeOf(before), gradeOf(graded))
  // An approval of one revision is none of what the identity has become.
  const after = change.length === 0 ? graded : { ...graded, revision: before.revision + 1 }
  await updateIdentity(tx, before, after)
  const signals = [{ topic: 'identity', key: before.id }]
  return { on: identitySubject(after), before: before.tier, after: after.tier, change, refused: [], signals }
}

const gradeOf = (identity: Identity): Readonly<Record<string, unknown>> => {
  const { tier, effectiveBlastRadius: radius, reviewAt } = recordOf(identity)
  const rights = Object.entries(identity.rights).flatMap(([name, has]) => (has ? [name] : []))
  return { tier, effectiveBlastRadius: radius, reviewAt, rights: rights.sort() }
}

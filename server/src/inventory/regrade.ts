import type { AnyTx } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import { daysAfter } from './domain/moment.ts'
import { deniesReadOnly, effectiveBlastRadius, type Rights, tierOf } from './domain/tier.ts'
import { fault } from './faults.ts'
import { staysWithinParent } from './lineage.ts'
import { reviewDaysMax } from './particulars.ts'
import { lockIdentity, updateIdentity } from './store-identity.ts'

/**
 * Derives the tier again after the rights of an identity changed. Throws `class_below_rights` where they contradict a
 * declaration of read-only, and `exceeds_parent` where they are wider than the parent's: the grant is then not given.
 */
export const regrade = async (tx: AnyTx, identityId: string, rights: Rights, now: Date): Promise<readonly Signal[]> => {
  const before = await lockIdentity(tx, identityId)
  if (before === undefined) throw coreFault('not_found', { about: `identity ${identityId}` })
  const { blastRadius } = before.classification
  if (deniesReadOnly(blastRadius, rights)) throw fault('class_below_rights', { about: before.name })
  const graded = { ...before, rights, effectiveBlastRadius: effectiveBlastRadius(blastRadius, rights) }
  const tier = tierOf(graded)
  const latest = daysAfter(now, reviewDaysMax({ ...graded, tier }))
  // A higher tier is looked at more often: the review comes forward, never back.
  const review = before.review.at > latest ? { at: latest, text: latest.toISOString() } : before.review
  const after = { ...graded, tier, review }
  if (after.effectiveBlastRadius !== before.effectiveBlastRadius) await staysWithinParent(tx, after)
  await updateIdentity(tx, before, after)
  return [{ topic: 'identity', key: identityId }]
}

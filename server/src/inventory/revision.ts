import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import { isHigher, neededAt, neededTogether } from '../needed.ts'
import { type Needed, TIERS } from '../settings.ts'
import { type Difference, differences, recordOf } from './domain/difference.ts'
import type { Identity } from './domain/identity.ts'
import { deniesReadOnly, effectiveBlastRadius, isLowered, isOutside, isWider, tierOf } from './domain/tier.ts'
import { fault } from './faults.ts'
import type { IdentityChange } from './identity-shape.ts'
import { bringChildrenAlong, staysWithinParent } from './lineage.ts'
import { checkMoments, momentOf } from './particulars.ts'
import type { InventoryTables } from './schema.ts'
import { livingChildren, updateIdentity } from './store-identity.ts'
import { findTeam } from './store-team.ts'

/** Who changes an identity, and how an approval is spent for it. */
export interface Revising {
  readonly tx: Transaction<InventoryTables>
  readonly now: Date
  /** Whether the caller answers for this team, so that what becomes the team's needs no approval of the team. */
  mayOwn(teamId: string): boolean
  /** Tells the other rooms of an identity that goes to another team. */
  moved(move: { readonly identity: string; readonly from: string; readonly to: string }): Promise<readonly Signal[]>
  /** Takes the approval that came with the call for what the change needs; its id, where one came. */
  approve(needed: Needed): Promise<string | undefined>
}

/** What a change made of an identity. */
export interface Revised {
  readonly after: Identity
  readonly fields: readonly Difference[]
  readonly approval: string | undefined
  readonly signals: readonly Signal[]
}

/**
 * Changes what is wanted of a locked identity. What raises its tier needs the approval that creation would need, what
 * lowers it (or would, with other rights) the approval of the tier that it leaves, what
 * gives it to another team one of that team, unless the caller answers for it, and what says that it no longer runs
 * outside one of security.
 */
export const revise = async (before: Identity, wanted: IdentityChange, given: Revising): Promise<Revised> => {
  const changed = await changedOf(before, wanted, given)
  const fields = differences(recordOf(before), recordOf(changed))
  if (fields.length === 0) return { after: before, fields, approval: undefined, signals: [] }
  if (deniesReadOnly(changed.classification.blastRadius, changed.rights)) throw fault('class_below_rights')
  checkMoments(changed, before, given.now)
  await staysWithinParent(given.tx, changed)
  if (isWider(before.effectiveBlastRadius, changed.effectiveBlastRadius)) await coversChildren(given.tx, changed)
  const approval = await approvalOf(before, changed, given)
  const after = { ...changed, revision: before.revision + 1, approvedBy: approval ?? before.approvedBy }
  await updateIdentity(given.tx, before, after)
  const along = await bringChildrenAlong(given.tx, after)
  const all = [after, ...along]
  const signals: Signal[] = all.map(({ id }) => ({ topic: 'identity', key: id }))
  // A descendant has the owner of its ancestor, before as after.
  for (const { id, ownerId } of all)
    if (ownerId !== before.ownerId)
      signals.push(...(await given.moved({ identity: id, from: before.ownerId, to: ownerId })))
  return { after, fields, approval, signals }
}

const changedOf = async (before: Identity, wanted: IdentityChange, given: Revising): Promise<Identity> => {
  const { owner, expiresAt, reviewAt, ...rest } = wanted
  const said = {
    ...before,
    ...withoutUndefined(rest),
    ownerId: owner === undefined ? before.ownerId : await teamId(given.tx, owner),
    expires: expiresAt === undefined ? before.expires : momentOf('expiresAt', expiresAt, given.now),
    review: reviewAt === undefined ? before.review : momentOf('reviewAt', reviewAt, given.now),
  }
  return {
    ...said,
    tier: tierOf(said),
    effectiveBlastRadius: effectiveBlastRadius(said.classification.blastRadius, said.rights),
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

const withoutUndefined = <T extends object>(given: T): Partial<Defined<T>> => {
  const kept: Partial<Defined<T>> = {}
  for (const key in given) {
    const value = given[key]
    if (isDefined(value)) kept[key] = value
  }
  return kept
}

const isDefined = <V>(value: V): value is Exclude<V, undefined> => value !== undefined

const teamId = async (tx: Transaction<InventoryTables>, owner: string): Promise<string> => {
  const team = await findTeam(tx, owner)
  if (team === undefined) throw coreFault('not_found', { about: `team ${owner}` })
  return team.id
}

const coversChildren = async (tx: Transaction<InventoryTables>, parent: Identity): Promise<void> => {
  for (const child of await livingChildren(tx, parent.id, 100))
    if (isWider(child.effectiveBlastRadius, parent.effectiveBlastRadius))
      throw fault('exceeds_parent', { about: `its child ${child.name} is ${child.effectiveBlastRadius}` })
}

const approvalOf = async (before: Identity, after: Identity, given: Revising): Promise<string | undefined> => {
  const { name, tier, ownerId } = after
  // What is only requested is approved as a whole when it is activated.
  const isRaised = isHigher(tier, before.tier) && TIERS[tier].approval !== 'automatic' && before.state !== 'requested'
  const isGiven = ownerId !== before.ownerId && !given.mayOwn(ownerId)
  const why = isRaised ? `${name} becomes of ${tier} tier` : `${name} is given to another team`
  const needed = neededTogether([
    ...(isRaised || isGiven ? [neededAt(tier, [ownerId], why)] : []),
    ...(before.state !== 'requested' && isLowered(before, after) ? [lowered(before, after)] : []),
    ...(isTakenInside(before, after) ? [inside(after)] : []),
  ])
  return needed === undefined ? undefined : given.approve(needed)
}

// What runs outside is held to more, such as to read and not to write: that it no longer does is not its owner's to say.
const isTakenInside = (before: Identity, after: Identity): boolean =>
  isOutside(before.classification.boundary) && !isOutside(after.classification.boundary) && before.state !== 'requested'

// A tier is what everything about an identity is held to: the owner alone does not say that it is held to less.
const lowered = (before: Identity, { name, tier }: Identity): Needed =>
  neededAt(
    before.tier,
    [before.ownerId],
    isHigher(before.tier, tier)
      ? `${name} would be of ${tier} tier, and no longer of ${before.tier}`
      : `${name} would be of a lower tier by what it is granted later than as it is declared now`,
  )

const inside = ({ name, classification: { boundary } }: Identity): Needed => ({
  need: 'one',
  teams: [null],
  why: [`${name} would be of the ${boundary} boundary, and no longer from outside`],
})

import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import { isHigher, neededAt } from '../needed.ts'
import { type Needed, TIERS } from '../settings.ts'
import { type Difference, differences, recordOf } from './domain/difference.ts'
import type { Identity } from './domain/identity.ts'
import { deniesReadOnly, effectiveBlastRadius, isWider, tierOf } from './domain/tier.ts'
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
 * Changes what is wanted of a locked identity. What raises its tier needs the approval that creation would need, and
 * what gives it to another team one of that team, unless the caller answers for it.
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
  if (!isRaised && !isGiven) return undefined
  const why = isRaised ? `${name} becomes of ${tier} tier` : `${name} is given to another team`
  return given.approve(neededAt(tier, [ownerId], why))
}

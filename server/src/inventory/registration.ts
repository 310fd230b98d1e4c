import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import { neededAt } from '../needed.ts'
import { type Needed, TIERS } from '../settings.ts'
import type { Identity } from './domain/identity.ts'
import { effectiveBlastRadius, NO_RIGHTS, tierOf } from './domain/tier.ts'
import { fault } from './faults.ts'
import type { IdentityInput } from './identity-shape.ts'
import { ancestryOf, fitsParent } from './lineage.ts'
import { checkMoments, declared, invalid, particularsOf } from './particulars.ts'
import type { InventoryTables } from './schema.ts'
import { insertIdentity } from './store-identity.ts'
import { findTeam } from './store-team.ts'

/** Who registers an identity, and how an approval is spent for it. */
export interface Registering {
  readonly tx: Transaction<InventoryTables>
  readonly by: string | null
  readonly now: Date
  newId(prefix: string): string
  /** The identity that calls, when it is one: what it creates is its child. */
  readonly spawner: string | null
  /** Spends the approval that came with the call; undefined when none came. */
  approve(needed: Needed): Promise<string | undefined>
}

/** Puts a new identity into the register: active where its tier allows that or it is approved, else requested. */
export const register = async (input: IdentityInput, given: Registering): Promise<Identity> => {
  const { tx, now, by } = given
  const parent = await ancestryOf(tx, input.parent, given.spawner)
  const ownerId = await ownerOf(tx, input.owner, parent?.ownerId)
  const said = particularsOf(declared(input, now))
  const graded = { ...said, kind: input.kind, environment: input.environment, rights: NO_RIGHTS }
  const tier = tierOf(graded)
  const identity: Identity = {
    ...graded,
    id: given.newId('nhi'),
    name: input.name,
    ownerId,
    parentId: parent?.id ?? null,
    tier,
    effectiveBlastRadius: effectiveBlastRadius(said.classification.blastRadius, NO_RIGHTS),
    state: 'requested',
    stateBefore: null,
    stateReason: null,
    stateAt: now,
    stateBy: by,
    quarantinedWith: null,
    createdBy: by,
    createdAt: now,
    approvedBy: null,
    lastUsedAt: null,
    revision: 1,
  }
  checkMoments(identity, undefined, now)
  if (parent !== undefined) await fitsParent(tx, parent, identity)
  const made = await activated(identity, given)
  if (!(await insertIdentity(tx, made))) throw fault('name_taken', { about: input.name })
  return made
}

/** Why an identity is not active without an approval. */
export const activeAt = ({ name, tier }: Pick<Identity, 'name' | 'tier'>): string => `${name} is of ${tier} tier`

const activated = async (identity: Identity, given: Registering): Promise<Identity> => {
  const { tier, ownerId } = identity
  if (TIERS[tier].approval === 'automatic') return { ...identity, state: 'active' }
  const approval = await given.approve(neededAt(tier, [ownerId], activeAt(identity)))
  return approval === undefined ? identity : { ...identity, state: 'active', approvedBy: approval }
}

const ownerOf = async (
  tx: Transaction<InventoryTables>,
  owner: string | undefined,
  inherited: string | undefined,
): Promise<string> => {
  const named = owner ?? inherited
  if (named === undefined) throw invalid('owner', 'owner is mandatory: the team that answers for this identity')
  const team = await findTeam(tx, named)
  if (team === undefined) throw coreFault('not_found', { about: `team ${named}` })
  return team.id
}

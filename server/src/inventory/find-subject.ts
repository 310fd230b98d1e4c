import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { Identity, Team } from './domain/identity.ts'
import type { State } from './domain/state.ts'
import type { Tier } from './domain/tier.ts'
import { findIdentity, holdIdentity } from './store-identity.ts'
import { findTeam as readTeam } from './store-team.ts'

/** An identity as the other rooms judge it. */
export interface InventorySubject {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** Of an identity whose owner is quarantined: quarantined, whatever it is itself. */
  readonly state: State
  readonly tier: Tier
  readonly environment: string
  readonly owner: { readonly id: string; readonly name: string; readonly isActive: boolean }
  readonly functions: readonly string[]
  readonly boundary: string
  /** The effective one: the larger of what is declared and what is granted. */
  readonly blastRadius: string
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  readonly pipeline: string | null
  readonly parent: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly expiresAt: Date
}

/** An identity by id or unique name. */
export const findSubject = async (db: AnyDb, idOrName: string): Promise<InventorySubject | undefined> =>
  withOwner(db, await findIdentity(db, idOrName))

/** The same, and nobody changes it until this transaction ends. */
export const holdSubject = async (tx: AnyTx, idOrName: string): Promise<InventorySubject | undefined> =>
  withOwner(tx, await holdIdentity(tx, idOrName))

const withOwner = async (db: AnyDb, identity: Identity | undefined): Promise<InventorySubject | undefined> =>
  identity === undefined ? undefined : subjectOf(identity, await readTeam(db, identity.ownerId))

/** An identity with its owner, as the other rooms judge it. */
export const subjectOf = (identity: Identity, owner: Team | undefined): InventorySubject => {
  // Fail closed: an owner that cannot be found vouches for nobody.
  const isStopped = owner?.state !== 'active' && identity.state === 'active'
  return {
    id: identity.id,
    name: identity.name,
    kind: identity.kind,
    state: isStopped ? 'quarantined' : identity.state,
    tier: identity.tier,
    environment: identity.environment,
    owner: { id: identity.ownerId, name: owner?.name ?? identity.ownerId, isActive: owner?.state === 'active' },
    functions: identity.classification.functions,
    boundary: identity.classification.boundary,
    blastRadius: identity.effectiveBlastRadius,
    workflow: identity.workflow,
    pipeline: identity.pipeline,
    parent: identity.parentId,
    tags: identity.tags,
    expiresAt: identity.expires.at,
  }
}

/** A team by id or unique name. */
export const findTeam = async (
  db: AnyDb,
  idOrName: string,
): Promise<{ readonly id: string; readonly name: string } | undefined> => {
  const team = await readTeam(db, idOrName)
  return team === undefined ? undefined : { id: team.id, name: team.name }
}

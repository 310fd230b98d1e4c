import type { AnyDb } from '../kit/database.ts'
import { findIdentity } from './store-identity.ts'
import { findTeam } from './store-team.ts'

/** Why an identity stands as it does: its state with the reason, its tier, its owner, and the next step. */
export const whyIdentity = async (db: AnyDb, id: string) => {
  const identity = await findIdentity(db, id)
  if (identity === undefined) return undefined
  const owner = await findTeam(db, identity.ownerId)
  const { name, state, tier } = identity
  return {
    id: identity.id,
    summary: `${name} is ${state}, tier ${tier}`,
    because: [
      `${state} since ${identity.stateAt.toISOString()}${identity.stateReason === null ? '' : `: ${identity.stateReason}`}`,
      `its largest blast radius, declared or granted, is ${identity.effectiveBlastRadius}, in ${identity.environment}`,
      `it belongs to ${owner?.name ?? identity.ownerId} and ends at ${identity.expires.at.toISOString()}`,
    ],
    policies: [],
    missing: [],
    wouldAllow: null,
    next: NEXT[state] ?? `reeve audit search --on ${identity.id}`,
  }
}

const NEXT: Readonly<Record<string, string>> = {
  requested: 'have it approved, then `reeve identity activate`',
  quarantined: 'mend what the reason says, then `reeve release identity`',
  disabled: 'give it a new expiry with `reeve identity activate`, or retire it',
}

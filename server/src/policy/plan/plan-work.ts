import type { AnyDb } from '../../kit/database.ts'
import { policyFault } from '../faults.ts'
import type { Base } from '../memory/base.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import { findPlan, type Plan } from '../store-plan.ts'
import { type ChangedPolicies, changedPolicies } from './changed-policies.ts'
import { type Sides, sidesOf } from './grounds.ts'
import { type PlannedThings, plannedThings } from './planned-things.ts'
import { touchedIdentities } from './touched-identities.ts'

/** A plan with both its sides compiled, and what differs between them. */
export interface PlanWork {
  readonly plan: Plan
  readonly sides: Sides
  readonly changed: ChangedPolicies
  readonly things: PlannedThings
}

const KEPT_MAX = 4
// By what it was compiled on: when that is replaced, nothing of it is looked at again.
const known = new WeakMap<Base, Map<string, Promise<PlanWork>>>()

/** The work on a plan, made once for all the pages that are read of it. Throws `plan_not_found`. */
export const planWork = async (ports: PolicyPorts, db: AnyDb, id: string, now: Date): Promise<PlanWork> => {
  const plan = await findPlan(db, id, now)
  if (plan === undefined) throw policyFault('plan_not_found', { about: id })
  const base = ports.memory.base()
  if (base.revision !== plan.revision.before) throw policyFault('plan_stale', { about: 'the policies in force' })
  const kept = known.get(base) ?? new Map<string, Promise<PlanWork>>()
  known.set(base, kept)
  const made = kept.get(id) ?? work(ports, db, plan)
  kept.delete(id)
  kept.set(id, made)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? '')
  made.catch(() => kept.delete(id))
  return made
}

const work = async (ports: PolicyPorts, db: AnyDb, plan: Plan): Promise<PlanWork> => {
  const sides = await sidesOf(ports, db, plan)
  const before: PolicyIdentity[] = []
  for (const id of [...plan.delta.identities.map((identity) => identity.id), ...plan.delta.gone.identities]) {
    const identity = await ports.identities.find(db, id)
    if (identity !== undefined) before.push(identity)
  }
  return {
    plan,
    sides,
    changed: changedPolicies(sides, touchedIdentities(sides, plan, sides.live.holders())),
    things: plannedThings(sides, plan, before),
  }
}

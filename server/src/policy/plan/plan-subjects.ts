import type { AnyDb } from '../../kit/database.ts'
import { type Caller, type Subject, UNOWNED } from '../../kit/operation.ts'
import type { PlannedObject } from '../directory.ts'
import { policyFault } from '../faults.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import { findGrant } from '../store-grant.ts'
import { findPlan, type Plan } from '../store-plan.ts'
import { teamSubject } from '../subject.ts'
import { identitySubject, resourceSubject } from '../views.ts'

/**
 * A plan as what a call is about, for whoever is to approve it: somebody whose roles are of teams reads it as about the
 * first of these that it touches; where it touches none, it is as if there were no such plan. Throws `plan_not_found`.
 */
export const planSubject = async (
  ports: PolicyPorts,
  db: AnyDb,
  asked: { readonly plan: string; readonly caller: Caller; readonly now: Date },
): Promise<Subject> => {
  const plan = await findPlan(db, asked.plan, asked.now)
  if (plan === undefined) return UNOWNED
  if (asked.caller.roles.some(({ team }) => team === null)) return wholePlan(plan)
  const own = new Set(asked.caller.roles.flatMap(({ team }) => team ?? []))
  if (own.size === 0) return UNOWNED
  for (const object of plan.objects)
    for (const { team } of await subjectsOf(ports, db, plan, object))
      if (team !== null && own.has(team)) return teamSubject(ports, db, team)
  return UNOWNED
}

/** The whole of a plan: who may see everything sees it, and so does a session that is narrowed to its directory. */
export const wholePlan = ({ input }: Plan): Subject => ({ ...UNOWNED, directory: input.directory })

/** The plan. Throws `plan_not_found`. */
export const needPlan = async (db: AnyDb, id: string, now: Date): Promise<Plan> => {
  const plan = await findPlan(db, id, now)
  if (plan === undefined) throw policyFault('plan_not_found', { about: id })
  return plan
}

/** What an object of a plan is, or is of; what is no team's is shown to those who see everything. */
export const subjectsOf = async (
  ports: PolicyPorts,
  db: AnyDb,
  plan: Plan,
  { type, id, name }: PlannedObject,
): Promise<readonly Subject[]> => {
  const { delta } = plan
  const identity = async (of: string): Promise<readonly Subject[]> => {
    const before = await ports.identities.find(db, of)
    const after = delta.identities.find((one) => one.id === of || one.name === of)
    return [before, after].flatMap((one: PolicyIdentity | undefined) =>
      one === undefined ? [] : [identitySubject(one)],
    )
  }
  const resource = (of: string): readonly Subject[] =>
    [ports.memory.base().resource(of), delta.resources.find((one) => one.id === of)].flatMap((one) =>
      one === undefined ? [] : [resourceSubject(one)],
    )
  if (type === 'team') return [{ type: 'Team', id, name, environment: null, team: id }]
  if (type === 'identity') return identity(id ?? name)
  if (type === 'resource') return resource(id ?? '')
  if (type === 'grant') {
    const grant = delta.grants.find((one) => one.id === id) ?? (await findGrant(db, id ?? ''))
    return grant === undefined ? [] : identity(grant.identity)
  }
  if (type !== 'bundle') return []
  const bundle = delta.bundles.find((one) => one.id === id) ?? ports.memory.base().bundle(id ?? '')
  return (bundle?.matrix ?? []).flatMap((line) => resource(line.resource))
}

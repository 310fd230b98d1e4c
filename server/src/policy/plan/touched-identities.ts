import { linesOf } from '../domain/reach.ts'
import type { Plan } from '../store-plan.ts'
import type { Sides } from './grounds.ts'

/** Identities whose grants, or what their grants come to, a plan may change. */
export const touchedIdentities = (sides: Sides, plan: Plan, holders: Iterable<string>): ReadonlySet<string> => {
  const { delta } = plan
  const resources = new Set([...delta.resources.map(({ id }) => id), ...delta.gone.resources])
  const bundles = new Set([...delta.bundles.map(({ id }) => id), ...delta.gone.bundles])
  const gone = new Set(delta.gone.grants)
  const found = new Set([...delta.grants.map(({ identity }) => identity), ...delta.gone.identities])
  for (const id of holders) {
    if (found.has(id)) continue
    const isTouched = sides.live.grants(id).some((grant) => {
      if (gone.has(grant.id) || ('bundle' in grant.gives && bundles.has(grant.gives.bundle))) return true
      return linesOf(grant, sides.live.base().bundle).some((line) => resources.has(line.resource))
    })
    if (isTouched) found.add(id)
  }
  return found
}

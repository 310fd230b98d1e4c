import type { AnyDb } from '../../kit/database.ts'
import { applicationsAfter } from '../directory.ts'
import type { Grant } from '../domain/grant.ts'
import { after } from '../domain/plan.ts'
import type { Engine, SourcePolicy } from '../engine/index.ts'
import { policyFault } from '../faults.ts'
import type { Base } from '../memory/base.ts'
import { grantSources } from '../memory/grant-sources.ts'
import type { Ground } from '../memory.ts'
import type { PolicyPorts } from '../room.ts'
import { allLiveGrants } from '../store-grant.ts'
import type { Plan } from '../store-plan.ts'

/** One side of a plan: what decides, with the grants of those who were asked about so far. */
export interface Side extends Ground {
  /** By identity. */
  grants(identityId: string): readonly Grant[]
  /** Everybody who holds a grant. */
  holders(): Iterable<string>
  /** What the grants of an identity are compiled to. */
  sources(identityId: string): readonly SourcePolicy[]
  /** Puts the grants of these into the engines, so that what they asked can be decided. */
  include(identityIds: Iterable<string>): void
}

/** What is in force, and what would be. */
export interface Sides {
  readonly live: Side
  readonly planned: Side
}

/** Both sides of a plan. Throws `plan_stale` where what it would make is no longer valid. */
export const sidesOf = async (ports: PolicyPorts, db: AnyDb, plan: Plan): Promise<Sides> => {
  const base = ports.memory.base()
  const { delta } = plan
  const { gone } = delta
  const built = ports.memory.preview({
    texts: [...after(base.stored.texts, { put: delta.texts, gone: gone.texts }, ({ name }) => name)].sort(byName),
    resources: after(base.stored.resources, { put: delta.resources, gone: gone.resources }, ({ id }) => id),
    bundles: after(base.stored.bundles, { put: delta.bundles, gone: gone.bundles }, ({ id }) => id),
    modes: [...base.stored.modes, ...delta.modes],
    applications: applicationsAfter(base.stored.applications, plan.input),
  })
  if (!built.ok) throw policyFault('plan_stale', { about: built.problems[0]?.message ?? 'the set is not valid' })
  const grants = await allLiveGrants(db)
  const isRetired = new Set(gone.identities)
  const planned = after(grants, { put: delta.grants, gone: gone.grants }, ({ id }) => id)
  return {
    live: sideOf(base, grants),
    planned: sideOf(
      built.base,
      planned.filter(({ identity }) => !isRetired.has(identity)),
    ),
  }
}

// A revision is named by its texts in the order of their names.
const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : 1

/** What decides on a base, with these grants. */
export const sideOf = (base: Base, grants: readonly Grant[]): Side => {
  const byIdentity = Map.groupBy(grants, ({ identity }) => identity)
  const included = new Set<string>()
  let engines = { enforced: base.enforced, trial: base.trial }
  const of = (identityId: string): readonly Grant[] => byIdentity.get(identityId) ?? []
  const sources = (identityId: string) => of(identityId).flatMap((grant) => grantSources(grant, base).policies)
  return {
    base: () => base,
    enforced: () => engines.enforced,
    trial: () => engines.trial,
    grants: of,
    holders: () => byIdentity.keys(),
    sources,
    include: (identityIds) => {
      const fresh = [...new Set(identityIds)].filter((id) => !included.has(id))
      const add = fresh.flatMap(sources)
      for (const id of fresh) included.add(id)
      if (add.length === 0) return
      const isOne = engines.trial === engines.enforced
      const enforced = withGrants(engines.enforced, add)
      engines = { enforced, trial: isOne ? enforced : withGrants(engines.trial, add) }
    },
  }
}

const withGrants = (engine: Engine, add: readonly SourcePolicy[]): Engine => {
  const changed = engine.with({ add })
  if (changed.ok) return changed.engine
  throw policyFault('plan_stale', { about: changed.problems[0]?.message ?? 'a grant cannot be compiled' })
}

import type { Handle } from '../kit/database.ts'
import type { Bundle, MatrixLine } from './domain/bundle.ts'
import type { Held } from './domain/containment.ts'
import type { Grant } from './domain/grant.ts'
import { linesOf, type Reach, reachOf } from './domain/reach.ts'
import { type Rights, rightsOver } from './domain/rights.ts'
import type { Environments } from './room.ts'
import type { PolicyTables } from './schema.ts'
import { bundlesByIds } from './store-bundle.ts'
import { liveGrantsOf, liveGrantsOfAll } from './store-grant.ts'
import { allResources, resourcesByIds } from './store-resource.ts'

type Db = Handle<PolicyTables>

// What an identity reaches through all its grants that have not been ended.
const reachOfIdentity = async (db: Db, identityId: string): Promise<readonly Reach[]> => {
  const lines = await heldLines(db, await liveGrantsOf(db, identityId))
  const ids = [...new Set(lines.map(({ resource }) => resource))]
  const resources = new Map((await resourcesByIds(db, ids)).map((resource) => [resource.id, resource]))
  return reachOf(lines, (id) => resources.get(id))
}

const heldOf = async (db: Db, grants: readonly Grant[]): Promise<readonly Held[]> => {
  const bundles = await bundlesGiven(db, grants)
  return grants.map((grant) => ({ lines: linesOf(grant, (id) => bundles.get(id)), conditions: grant.conditions }))
}

const bundlesGiven = async (db: Db, grants: readonly Grant[]): Promise<ReadonlyMap<string, Bundle>> => {
  const ids = grants.flatMap(({ gives }) => ('bundle' in gives ? [gives.bundle] : []))
  return new Map((await bundlesByIds(db, [...new Set(ids)])).map((bundle) => [bundle.id, bundle]))
}

/** What these grants give, line by line. */
export const heldLines = async (db: Db, grants: readonly Grant[]): Promise<readonly MatrixLine[]> =>
  (await heldOf(db, grants)).flatMap((held) => held.lines)

/** What each grant of an identity that is in force comes to, with its conditions. */
export const heldBy = async (db: Db, identityId: string, now: Date): Promise<readonly Held[]> =>
  heldOf(
    db,
    (await liveGrantsOf(db, identityId)).filter(({ expiresAt }) => expiresAt > now),
  )

/** The effective rights of an identity; a grant counts until it is ended, conditions and hours make it no smaller. */
export const rightsOf = async (
  db: Db,
  identityId: string,
  environments: Pick<Environments, 'isProduction'>,
): Promise<Rights> => rightsOver(await reachOfIdentity(db, identityId), environments.isProduction)

/** Identities that serve what this one reaches, or anything for null: they check its tokens. */
export const serversReachedBy = async (db: Db, identityId: string | null): Promise<readonly string[]> => {
  const resources =
    identityId === null
      ? await allResources(db)
      : (await reachOfIdentity(db, identityId)).map(({ resource }) => resource)
  return [...new Set(resources.flatMap(({ servedBy }) => servedBy))].sort()
}

/** What an identity may access, by the resources' names: shown before it is stopped. */
export const grantsOf = async (db: Db, identityId: string): Promise<readonly Granted[]> =>
  grantedBy(await reachOfIdentity(db, identityId))

/** The same of each of these identities: what several of them hold is read once. */
export const grantsOfAll = async (
  db: Db,
  identityIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Granted[]>> => {
  const grants = await liveGrantsOfAll(db, identityIds)
  const lines = new Map<string, readonly MatrixLine[]>()
  const bundles = await bundlesGiven(db, [...grants.values()].flat())
  for (const [identity, own] of grants)
    lines.set(
      identity,
      own.flatMap((grant) => linesOf(grant, (id) => bundles.get(id))),
    )
  const ids = [...new Set([...lines.values()].flat().map(({ resource }) => resource))]
  const resources = new Map((await resourcesByIds(db, ids)).map((resource) => [resource.id, resource]))
  return new Map([...lines].map(([identity, own]) => [identity, grantedBy(reachOf(own, (id) => resources.get(id)))]))
}

/** Actions that an identity may take at a resource, by names. */
interface Granted {
  readonly resource: string
  readonly actions: readonly string[]
}

const grantedBy = (reach: readonly Reach[]): readonly Granted[] => {
  const byName = new Map<string, Set<string>>()
  for (const { resource, actions } of reach) {
    const named = byName.get(resource.name) ?? new Set<string>()
    for (const { name } of actions) named.add(name)
    byName.set(resource.name, named)
  }
  return [...byName].sort().map(([resource, actions]) => ({ resource, actions: [...actions].sort() }))
}

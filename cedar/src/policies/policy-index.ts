import type { EntityNode, EntityView } from '../entities/entity-node.ts'
import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import { ANY, type Head, isWanted, type Wanted, wantedKeys } from './head.ts'

/** What can be found by its head. */
export interface Indexed {
  readonly id: string
  readonly head: Head
}

/** The three entities of a request. */
export interface Three {
  readonly principal: EntityNode
  readonly action: EntityNode
  readonly resource: EntityNode
  readonly entities: EntityView
}

/** Finds the policies whose head matches without looking at the others; never changes, `with` makes another. */
export interface PolicyIndex<Policy extends Indexed> {
  readonly size: number
  get(id: string): Policy | undefined
  values(): Generator<Policy>
  /** Calls `found` once for each policy whose head matches. */
  search(three: Three, found: (policy: Policy) => void): void
  with(changes: ReadonlyMap<string, Policy | undefined>): PolicyIndex<Policy>
}

/** An index of nothing. */
export const emptyPolicyIndex = <Policy extends Indexed>(): PolicyIndex<Policy> =>
  policyIndex<Policy>(emptyLayeredMap(), emptyLayeredMap())

/** All policies of one principal key, and, where they are many, by resource and then by action. */
interface Bucket<Policy> {
  readonly policies: readonly Policy[]
  readonly byResource?: ReadonlyMap<string, Branch<Policy>>
}

type Branch<Policy> = readonly Policy[] | ReadonlyMap<string, readonly Policy[]>

const policyIndex = <Policy extends Indexed>(
  byId: LayeredMap<Policy>,
  byPrincipal: LayeredMap<Bucket<Policy>>,
): PolicyIndex<Policy> => ({
  size: byId.size,
  get: byId.get,
  values: byId.values,
  search(three, found) {
    const { principal, entities } = three
    const visit = (key: string): void => {
      const bucket = byPrincipal.get(key)
      if (bucket) searchBucket(bucket, three, found)
    }
    visit(ANY)
    visit(principal.typeKey)
    visit(principal.key)
    for (const key of entities.above(principal).list) visit(key)
  },
  with: (changes) => policyIndex(byId.with(changes), byPrincipal.with(changedBuckets(byId, byPrincipal, changes))),
})

// Below this many, comparing each is quicker than another lookup.
const LEAF_MAX = 12

const searchBucket = <Policy extends Indexed>(
  bucket: Bucket<Policy>,
  three: Three,
  found: (policy: Policy) => void,
): void => {
  const { byResource } = bucket
  if (!byResource) {
    searchLeaf(bucket.policies, three, undefined, found)
    return
  }
  const { resource, entities } = three
  searchBranch(byResource.get(ANY), three, found)
  searchBranch(byResource.get(resource.typeKey), three, found)
  searchBranch(byResource.get(resource.key), three, found)
  for (const key of entities.above(resource).list) searchBranch(byResource.get(key), three, found)
}

const searchBranch = <Policy extends Indexed>(
  branch: Branch<Policy> | undefined,
  three: Three,
  found: (policy: Policy) => void,
): void => {
  if (branch === undefined) return
  if (isLeaf(branch)) {
    searchLeaf(branch, three, undefined, found)
    return
  }
  const { action, entities } = three
  searchLeaf(branch.get(ANY), three, ANY, found)
  searchLeaf(branch.get(action.typeKey), three, action.typeKey, found)
  searchLeaf(branch.get(action.key), three, action.key, found)
  for (const key of entities.above(action).list) searchLeaf(branch.get(key), three, key, found)
}

const isLeaf = <Policy>(branch: Branch<Policy>): branch is readonly Policy[] => Array.isArray(branch)

const searchLeaf = <Policy extends Indexed>(
  policies: readonly Policy[] | undefined,
  three: Three,
  key: string | undefined,
  found: (policy: Policy) => void,
): void => {
  if (policies === undefined) return
  const { principal, action, resource, entities } = three
  for (const policy of policies) {
    const { head } = policy
    if (
      isWanted(head.resource, resource, entities) &&
      isWanted(head.action, action, entities) &&
      isWanted(head.principal, principal, entities) &&
      (key === undefined || isFirst(head.action, key, three))
    )
      found(policy)
  }
}

// A policy about several actions is listed under each; it is taken under the first that the request's action has.
const isFirst = (want: Wanted, key: string, { action, entities }: Three): boolean => {
  const { anyOf } = want
  if (anyOf === undefined || anyOf.length < 2) return true
  for (const one of anyOf) if (one === action.key || entities.above(action).keys.has(one)) return one === key
  return true
}

// A principal is compared with at most one entity, so a policy lies in one bucket.
const principalKey = (want: Wanted): string => wantedKeys(want)[0] ?? ANY

const changedBuckets = <Policy extends Indexed>(
  byId: LayeredMap<Policy>,
  byPrincipal: LayeredMap<Bucket<Policy>>,
  changes: ReadonlyMap<string, Policy | undefined>,
): Map<string, Bucket<Policy> | undefined> => {
  const added = new Map<string, Policy[]>()
  const touched = (policy: Policy): Policy[] => {
    const key = principalKey(policy.head.principal)
    const list = added.get(key) ?? []
    added.set(key, list)
    return list
  }
  for (const [id, policy] of changes) {
    const before = byId.get(id)
    if (before) touched(before)
    if (policy) touched(policy).push(policy)
  }
  const buckets = new Map<string, Bucket<Policy> | undefined>()
  for (const [key, policies] of added) {
    const kept = (byPrincipal.get(key)?.policies ?? []).filter((policy) => !changes.has(policy.id))
    buckets.set(key, kept.length + policies.length === 0 ? undefined : bucketOf([...kept, ...policies]))
  }
  return buckets
}

const bucketOf = <Policy extends Indexed>(policies: readonly Policy[]): Bucket<Policy> => {
  if (policies.length <= LEAF_MAX) return { policies }
  const byResource = new Map<string, Branch<Policy>>()
  for (const [key, group] of grouped(policies, (policy) => policy.head.resource))
    byResource.set(key, group.length <= LEAF_MAX ? group : grouped(group, (policy) => policy.head.action))
  return { policies, byResource }
}

const grouped = <Policy extends Indexed>(
  policies: readonly Policy[],
  wantOf: (policy: Policy) => Wanted,
): Map<string, Policy[]> => {
  const groups = new Map<string, Policy[]>()
  for (const policy of policies)
    for (const key of wantedKeys(wantOf(policy))) {
      const group = groups.get(key)
      if (group) group.push(policy)
      else groups.set(key, [policy])
    }
  return groups
}

import type { Ancestors, EntityNode, EntityView } from '../entities/entity-node.ts'
import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import { ANY, type Head, isReached, isWanted, type Wanted, wantedKeys } from './head.ts'

/** What can be found by its head. */
export interface Indexed extends Head {
  readonly id: string
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
  readonly branchesAbove: WeakMap<Ancestors, readonly Branch<Policy>[]>
}

type Branch<Policy> = readonly Policy[] | ReadonlyMap<string, readonly Policy[]>

type Found<Policy> = (policy: Policy) => void

const policyIndex = <Policy extends Indexed>(
  byId: LayeredMap<Policy>,
  byPrincipal: LayeredMap<Bucket<Policy>>,
): PolicyIndex<Policy> => {
  const ofAnybody = byPrincipal.get(ANY)
  const above = new WeakMap<Ancestors, readonly Bucket<Policy>[]>()
  return {
    size: byId.size,
    get: byId.get,
    values: byId.values,
    search(three, found) {
      const { principal, entities } = three
      searchBucket(ofAnybody, three, false, found)
      searchBucket(byPrincipal.get(principal.typeKey), three, false, found)
      searchBucket(byPrincipal.get(principal.key), three, true, found)
      for (const bucket of listedAbove(entities.above(principal), byPrincipal, above))
        searchBucket(bucket, three, false, found)
    },
    with: (changes) => policyIndex(byId.with(changes), byPrincipal.with(changedBuckets(byId, byPrincipal, changes))),
  }
}

// Below this many, comparing each is quicker than another lookup.
const LEAF_MAX = 12

/** What is listed under the ancestors of an entity; remembered where many entities share them. */
const listedAbove = <Listed>(
  ancestors: Ancestors,
  lists: { get(key: string): Listed | undefined },
  known: WeakMap<Ancestors, readonly Listed[]>,
): readonly Listed[] => {
  if (ancestors.list.length === 0) return []
  const remembered = ancestors.isLasting ? known.get(ancestors) : undefined
  if (remembered) return remembered
  const found: Listed[] = []
  for (const key of ancestors.list) {
    const listed = lists.get(key)
    if (listed !== undefined) found.push(listed)
  }
  if (ancestors.isLasting) known.set(ancestors, found)
  return found
}

const searchBucket = <Policy extends Indexed>(
  bucket: Bucket<Policy> | undefined,
  three: Three,
  isSelf: boolean,
  found: Found<Policy>,
): void => {
  if (bucket === undefined) return
  const { byResource } = bucket
  const { principal, resource, entities } = three
  if (byResource === undefined) {
    for (const policy of bucket.policies)
      if (isReached(policy.principal, principal, isSelf) && isWanted(policy.resource, resource, entities))
        searchLast(policy, three, found)
    return
  }
  searchBranch(byResource.get(ANY), three, isSelf, false, found)
  searchBranch(byResource.get(resource.typeKey), three, isSelf, false, found)
  searchBranch(byResource.get(resource.key), three, isSelf, true, found)
  for (const branch of listedAbove(entities.above(resource), byResource, bucket.branchesAbove))
    searchBranch(branch, three, isSelf, false, found)
}

const searchBranch = <Policy extends Indexed>(
  branch: Branch<Policy> | undefined,
  three: Three,
  isPrincipal: boolean,
  isResource: boolean,
  found: Found<Policy>,
): void => {
  if (branch === undefined) return
  if (isLeaf(branch)) {
    searchLeaf(branch, undefined, three, isPrincipal, isResource, found)
    return
  }
  const { action, entities } = three
  searchLeaf(branch.get(ANY), ANY, three, isPrincipal, isResource, found)
  searchLeaf(branch.get(action.typeKey), action.typeKey, three, isPrincipal, isResource, found)
  searchLeaf(branch.get(action.key), action.key, three, isPrincipal, isResource, found)
  for (const key of entities.above(action).list) searchLeaf(branch.get(key), key, three, isPrincipal, isResource, found)
}

// Called some dozens of times a decision: what it needs is handed on one by one, so that nothing is made for it.
const searchLeaf = <Policy extends Indexed>(
  policies: readonly Policy[] | undefined,
  key: string | undefined,
  three: Three,
  isPrincipal: boolean,
  isResource: boolean,
  found: Found<Policy>,
): void => {
  if (policies === undefined) return
  for (const policy of policies)
    if (
      isReached(policy.principal, three.principal, isPrincipal) &&
      isReached(policy.resource, three.resource, isResource) &&
      (key === undefined || isFirst(policy.action, key, three))
    )
      searchLast(policy, three, found)
}

const isLeaf = <Policy>(branch: Branch<Policy>): branch is readonly Policy[] => Array.isArray(branch)

const searchLast = <Policy extends Indexed>(policy: Policy, three: Three, found: Found<Policy>): void => {
  if (isWanted(policy.action, three.action, three.entities)) found(policy)
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
    const key = principalKey(policy.principal)
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
  const branchesAbove = new WeakMap<Ancestors, readonly Branch<Policy>[]>()
  if (policies.length <= LEAF_MAX) return { policies, branchesAbove }
  const byResource = new Map<string, Branch<Policy>>()
  for (const [key, group] of grouped(policies, (policy) => policy.resource))
    byResource.set(key, group.length <= LEAF_MAX ? group : grouped(group, (policy) => policy.action))
  return { policies, byResource, branchesAbove }
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

import type { PolicyScope } from './policy-est.ts'
import type { Request } from './request.ts'
import { isInScope, type Standing, standingsOf, type Wanted, type WantedScope, wantedScope } from './scope.ts'
import { emptyShardedMap, type ShardedMap } from './sharded-map.ts'

/** A policy that can be indexed: an id and its head. */
export interface ScopedPolicy {
  id: string
  est: PolicyScope
}

/** Finds the policies that speak of a request without looking at the others; never changes, `with` makes another. */
export interface ScopeIndex<Policy extends ScopedPolicy> {
  readonly size: number
  get(id: string): Policy | undefined
  policies(): Generator<Policy>
  /** Exactly the policies whose head matches the request, given its entities. */
  candidates(request: Request): Policy[]
  /** The index after removing some policies and adding others; an added one replaces the one with its id. */
  with(change: { add?: readonly Policy[]; remove?: readonly string[] }): ScopeIndex<Policy>
}

/** Indexes policies by the principal, then the resource, then the action of their heads. */
export const buildScopeIndex = <Policy extends ScopedPolicy>(policies: readonly Policy[]): ScopeIndex<Policy> =>
  scopeIndex<Policy>(emptyShardedMap(), emptyShardedMap()).with({ add: policies })

interface Entry<Policy> {
  policy: Policy
  scope: WantedScope
}

/** All policies of one principal key, and, where they are many, a tree over their resources and actions. */
interface Bucket<Policy> {
  entries: Entry<Policy>[]
  byResource?: Map<string, Branch<Policy>>
}

type Branch<Policy> = Entry<Policy>[] | Map<string, Entry<Policy>[]>

const scopeIndex = <Policy extends ScopedPolicy>(
  byId: ShardedMap<Entry<Policy>>,
  byPrincipal: ShardedMap<Bucket<Policy>>,
): ScopeIndex<Policy> => ({
  size: byId.size,
  get: (id) => byId.get(id)?.policy,
  *policies() {
    for (const entry of byId.values()) yield entry.policy
  },
  candidates(request) {
    const at = standingsOf(request)
    const found = new Set<Entry<Policy>>()
    for (const key of standingKeys(at.principal)) {
      const bucket = byPrincipal.get(key)
      if (!bucket) continue
      for (const entries of leaves(bucket, at.resource, at.action))
        for (const entry of entries) if (isInScope(entry.scope, at)) found.add(entry)
    }
    return Array.from(found, (entry) => entry.policy)
  },
  with({ add = [], remove = [] }) {
    const changed = new Map<string, Entry<Policy> | undefined>()
    for (const id of remove) changed.set(id, undefined)
    for (const policy of add) changed.set(policy.id, { policy, scope: wantedScope(policy.est) })
    return scopeIndex(byId.with(changed), byPrincipal.with(changedBuckets(byId, byPrincipal, changed)))
  },
})

const changedBuckets = <Policy extends ScopedPolicy>(
  byId: ShardedMap<Entry<Policy>>,
  byPrincipal: ShardedMap<Bucket<Policy>>,
  changed: ReadonlyMap<string, Entry<Policy> | undefined>,
): Map<string, Bucket<Policy> | undefined> => {
  const added = new Map<string, Entry<Policy>[]>()
  const touch = (entry: Entry<Policy>): Entry<Policy>[] => {
    const key = principalKey(entry.scope.principal)
    const list = added.get(key) ?? []
    added.set(key, list)
    return list
  }
  for (const [id, entry] of changed) {
    const before = byId.get(id)
    if (before) touch(before)
    if (entry) touch(entry).push(entry)
  }
  const buckets = new Map<string, Bucket<Policy> | undefined>()
  for (const [key, entries] of added) {
    const kept = (byPrincipal.get(key)?.entries ?? []).filter((entry) => !changed.has(entry.policy.id))
    buckets.set(key, kept.length + entries.length === 0 ? undefined : bucketOf([...kept, ...entries]))
  }
  return buckets
}

// Below this many, comparing each is quicker than another lookup.
const LEAF_ENTRIES_MAX = 12

const bucketOf = <Policy>(entries: Entry<Policy>[]): Bucket<Policy> => {
  if (entries.length <= LEAF_ENTRIES_MAX) return { entries }
  const byResource = new Map<string, Branch<Policy>>()
  for (const [key, group] of grouped(entries, (entry) => wantedKeys(entry.scope.resource))) {
    const isLeaf = group.length <= LEAF_ENTRIES_MAX
    byResource.set(key, isLeaf ? group : grouped(group, (entry) => wantedKeys(entry.scope.action)))
  }
  return { entries, byResource }
}

const grouped = <Item>(items: Item[], keysOf: (item: Item) => string[]): Map<string, Item[]> => {
  const groups = new Map<string, Item[]>()
  for (const item of items)
    for (const key of keysOf(item)) {
      const group = groups.get(key)
      if (group) group.push(item)
      else groups.set(key, [item])
    }
  return groups
}

function* leaves<Policy>(bucket: Bucket<Policy>, resource: Standing, action: Standing): Generator<Entry<Policy>[]> {
  if (!bucket.byResource) return yield bucket.entries
  for (const key of standingKeys(resource)) {
    const branch = bucket.byResource.get(key)
    if (!branch) continue
    if (Array.isArray(branch)) yield branch
    else
      for (const name of standingKeys(action)) {
        const entries = branch.get(name)
        if (entries) yield entries
      }
  }
}

// INVARIANT: whatever a constraint can match has one of the constraint's keys among its standing keys. Two different
// things that share a key only cost a comparison, because every candidate's whole head is compared at the end.
const ANY = '*'
const typeKey = (type: string): string => `is ${type}`

const standingKeys = (at: Standing): string[] => [ANY, typeKey(at.type), ...at.within]

const wantedKeys = (want: Wanted): string[] => {
  if (want.equal !== undefined) return [want.equal]
  if (want.anyOf !== undefined) return [...new Set(want.anyOf)]
  return [want.type === undefined ? ANY : typeKey(want.type)]
}

// A principal is compared with at most one entity, so a policy lies in one bucket.
const principalKey = (want: Wanted): string => wantedKeys(want)[0] ?? ANY

import type { Ancestors, EntityNode, EntityView } from '../entities/entity-node.ts'
import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import { splitKey } from '../values/value.ts'
import type { Head, Wanted } from './head.ts'
import { type Leaf, leafOf, listedUnder, type Standing, type Standings, searchLeaf } from './leaf.ts'
import { ANYTHING, emptyNames, type Names, UNNAMED } from './names.ts'
import { emptyPrincipalMap, type PrincipalMap } from './principal-map.ts'

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
  /** The policies whose head matches, each once. */
  search(three: Three): readonly Policy[]
  with(changes: ReadonlyMap<string, Policy | undefined>): PolicyIndex<Policy>
}

/** An index of nothing. */
export const emptyPolicyIndex = <Policy extends Indexed>(): PolicyIndex<Policy> =>
  policyIndex<Policy>(emptyLayeredMap(), emptyPrincipalMap(), emptyNames())

/** All policies that are listed under one principal; where they are many, by resource and then by action. */
interface Bucket<Policy> {
  readonly policies: readonly Policy[]
  readonly all: Leaf<Policy> | undefined
  readonly byResource: ReadonlyMap<number, Branch<Policy>> | undefined
}

interface Branch<Policy> {
  readonly all: Leaf<Policy> | undefined
  readonly byAction: ReadonlyMap<number, Leaf<Policy>> | undefined
}

const policyIndex = <Policy extends Indexed>(
  byId: LayeredMap<Policy>,
  byPrincipal: PrincipalMap<Bucket<Policy>>,
  names: Names,
): PolicyIndex<Policy> => {
  const numbersAbove = remembered((key) => {
    const { type, id } = splitKey(key)
    const number = names.ofEntity(type, id)
    return number === UNNAMED ? undefined : number
  })
  const bucketsAbove = remembered((key) => {
    const { type, id } = splitKey(key)
    return byPrincipal.ofEntity(type, id)
  })
  const standing = (node: EntityNode, entities: EntityView): Standing => ({
    self: names.ofEntity(node.type, node.id),
    type: names.ofType(node.type),
    above: numbersAbove(entities.above(node)),
  })
  return {
    size: byId.size,
    get: byId.get,
    values: byId.values,
    search({ principal, action, resource, entities }) {
      const found: Policy[] = []
      const at: Standings = {
        isPrincipal: true,
        principalType: names.ofType(principal.type),
        resource: standing(resource, entities),
        action: standing(action, entities),
      }
      searchBucket(byPrincipal.ofEntity(principal.type, principal.id), at, found)
      at.isPrincipal = false
      searchBucket(byPrincipal.ofAnybody(), at, found)
      searchBucket(byPrincipal.ofType(principal.type), at, found)
      for (const bucket of bucketsAbove(entities.above(principal))) searchBucket(bucket, at, found)
      return found
    },
    with(changes) {
      const next = byId.with(changes)
      // Names that nobody uses any more stay; when they are most of all, it is begun anew.
      if (names.size > NAMES_EACH_MAX * next.size + NAMES_SPARE) return anew(next)
      return policyIndex(next, byPrincipal.with(changedBuckets(byId, byPrincipal, changes, names)), names)
    },
  }
}

// Below this many, comparing each is quicker than another lookup.
const LEAF_MAX = 12
const NAMES_EACH_MAX = 8
const NAMES_SPARE = 10_000

const anew = <Policy extends Indexed>(byId: LayeredMap<Policy>): PolicyIndex<Policy> =>
  emptyPolicyIndex<Policy>().with(new Map(Array.from(byId.values(), (policy) => [policy.id, policy])))

/** What there is for the ancestors of an entity; worked out once where many entities share them. */
const remembered = <Found>(find: (key: string) => Found | undefined): ((of: Ancestors) => readonly Found[]) => {
  const known = new WeakMap<Ancestors, readonly Found[]>()
  const none: readonly Found[] = []
  const findAll = ({ list }: Ancestors): readonly Found[] => {
    const found: Found[] = []
    for (const key of list) {
      const one = find(key)
      if (one !== undefined) found.push(one)
    }
    return found
  }
  return (ancestors) => {
    if (ancestors.list.length === 0) return none
    if (!ancestors.isLasting) return findAll(ancestors)
    const before = known.get(ancestors)
    if (before !== undefined) return before
    const found = findAll(ancestors)
    known.set(ancestors, found)
    return found
  }
}

const searchBucket = <Policy>(bucket: Bucket<Policy> | undefined, at: Standings, found: Policy[]): void => {
  if (bucket === undefined) return
  const { all, byResource } = bucket
  if (byResource === undefined) {
    searchLeaf(all, UNNAMED, at, found)
    return
  }
  const { self, type, above } = at.resource
  searchBranch(byResource.get(ANYTHING), at, found)
  searchBranch(byResource.get(type), at, found)
  searchBranch(byResource.get(self), at, found)
  for (const one of above) searchBranch(byResource.get(one), at, found)
}

const searchBranch = <Policy>(branch: Branch<Policy> | undefined, at: Standings, found: Policy[]): void => {
  if (branch === undefined) return
  const { all, byAction } = branch
  if (byAction === undefined) {
    searchLeaf(all, UNNAMED, at, found)
    return
  }
  const { self, type, above } = at.action
  searchLeaf(byAction.get(ANYTHING), ANYTHING, at, found)
  searchLeaf(byAction.get(type), type, at, found)
  searchLeaf(byAction.get(self), self, at, found)
  for (const one of above) searchLeaf(byAction.get(one), one, at, found)
}

const changedBuckets = <Policy extends Indexed>(
  byId: LayeredMap<Policy>,
  byPrincipal: PrincipalMap<Bucket<Policy>>,
  changes: ReadonlyMap<string, Policy | undefined>,
  names: Names,
): Map<Wanted, Bucket<Policy> | undefined> => {
  const added = new Map<string, { want: Wanted; policies: Policy[] }>()
  const touched = ({ head: { principal } }: Policy): Policy[] => {
    const key = JSON.stringify([principal.equal ?? principal.anyOf?.[0] ?? principal.type])
    const known = added.get(key) ?? { want: principal, policies: [] }
    added.set(key, known)
    return known.policies
  }
  for (const [id, policy] of changes) {
    const before = byId.get(id)
    if (before) touched(before)
    if (policy) touched(policy).push(policy)
  }
  const buckets = new Map<Wanted, Bucket<Policy> | undefined>()
  for (const { want, policies } of added.values()) {
    const kept = (byPrincipal.listed(want)?.policies ?? []).filter((policy) => !changes.has(policy.id))
    buckets.set(want, kept.length + policies.length === 0 ? undefined : bucketOf([...kept, ...policies], names))
  }
  return buckets
}

const bucketOf = <Policy extends Indexed>(policies: readonly Policy[], names: Names): Bucket<Policy> => {
  if (policies.length <= LEAF_MAX) return { policies, all: leafOf(policies, names), byResource: undefined }
  const byResource = new Map<number, Branch<Policy>>()
  for (const [number, group] of grouped(policies, ({ head }) => listedUnder(head.resource, names)))
    byResource.set(number, branchOf(group, names))
  return { policies, all: undefined, byResource }
}

const branchOf = <Policy extends Indexed>(policies: readonly Policy[], names: Names): Branch<Policy> => {
  if (policies.length <= LEAF_MAX) return { all: leafOf(policies, names), byAction: undefined }
  const byAction = new Map<number, Leaf<Policy>>()
  for (const [number, group] of grouped(policies, ({ head }) => listedUnder(head.action, names))) {
    const leaf = leafOf(group, names)
    if (leaf) byAction.set(number, leaf)
  }
  return { all: undefined, byAction }
}

const grouped = <Policy>(
  policies: readonly Policy[],
  numbersOf: (policy: Policy) => readonly number[],
): Map<number, Policy[]> => {
  const groups = new Map<number, Policy[]>()
  for (const policy of policies)
    for (const number of numbersOf(policy)) {
      const group = groups.get(number)
      if (group) group.push(policy)
      else groups.set(number, [policy])
    }
  return groups
}

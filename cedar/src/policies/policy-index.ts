import type { Ancestors, EntityNode, EntityView } from '../entities/entity-node.ts'
import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import { splitKey } from '../values/value.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Wanted } from './head.ts'
import { emptyListing, type Found, type Listing, type Standings } from './listing.ts'
import { ANYTHING, emptyNames, UNNAMED } from './names.ts'
import { changedTree, type Ground, type Tree, treeOf } from './policy-tree.ts'
import { emptyPrincipalMap, type PrincipalMap } from './principal-map.ts'
import type { PartsOfTree, SeenAbove, SeenEntity } from './seen.ts'

/** The three entities of a request. */
export interface Three {
  readonly principal: EntityNode
  readonly action: EntityNode
  readonly resource: EntityNode
  readonly entities: EntityView
}

/** Finds the policies whose head matches without looking at the others; never changes, `with` makes another. */
export interface PolicyIndex<Note> {
  readonly size: number
  get(id: string): CompiledPolicy<Note> | undefined
  values(): Generator<CompiledPolicy<Note>>
  /** The policies whose head matches, each once, as places in the listing. */
  search(three: Three): Readonly<Found>
  readonly listing: Listing<Note>
  with(changes: ReadonlyMap<string, CompiledPolicy<Note> | undefined>): PolicyIndex<Note>
}

/** An index of nothing. */
export const emptyPolicyIndex = <Note>(): PolicyIndex<Note> => {
  const ground = emptyGround<Note>()
  return policyIndex(emptyLayeredMap(), emptyPrincipalMap(), ground, 0)
}

const emptyGround = <Note>(): Ground<Note> => {
  const names = emptyNames()
  return { names, listing: emptyListing(names) }
}

let stamps = 0

// What one search works with, made once. INVARIANT: nothing searches while somebody still reads what was found.
const FOUND: Found = { places: new Int32Array(64), count: 0 }
const AT: Standings = {
  isPrincipal: true,
  principalType: UNNAMED,
  resource: UNNAMED,
  resourceType: UNNAMED,
  resourceAbove: [],
  action: UNNAMED,
  actionType: UNNAMED,
  actionAbove: [],
}

const policyIndex = <Note>(
  byId: LayeredMap<CompiledPolicy<Note>>,
  byPrincipal: PrincipalMap,
  ground: Ground<Note>,
  sizeBegun: number,
): PolicyIndex<Note> => {
  const { names, listing } = ground
  const stamp = ++stamps
  const anybody = byPrincipal.ofAnybody()

  // Most who ask are of one type.
  let known = ofTypeNow('')
  function ofTypeNow(type: string) {
    return { type, number: names.ofType(type), tree: byPrincipal.ofType(type), entities: byPrincipal.entitiesOf(type) }
  }
  const lookUp = (type: string): typeof known => {
    known = ofTypeNow(type)
    return known
  }

  const seenOf = (node: EntityNode): SeenEntity => {
    const known = node.seen
    if (known?.stamp === stamp) return known
    if (known?.before?.stamp === stamp) return known.before
    const before = known && { ...known, before: undefined }
    const seen = { stamp, self: names.ofEntity(node.type, node.id), type: names.ofType(node.type), before }
    node.seen = seen
    return seen
  }
  const seenAbove = (above: Ancestors): SeenAbove => {
    if (above.list.length === 0) return NOTHING_ABOVE
    const known = above.seen
    if (known?.stamp === stamp) return known
    if (known?.before?.stamp === stamp) return known.before
    const before = known && { ...known, before: undefined }
    const numbers: number[] = []
    const ranges: number[] = []
    const trees: Tree[] = []
    for (const key of above.list) {
      const { type, id } = splitKey(key)
      const number = names.ofEntity(type, id)
      if (number !== UNNAMED) numbers.push(number)
      const tree = byPrincipal.ofEntity(type, id)
      if (tree?.below !== undefined) trees.push(tree)
      else if (tree !== undefined) ranges.push(tree.from, tree.to)
    }
    const seen: SeenAbove = { stamp, numbers, ranges, trees, parts: [], before }
    above.seen = seen
    return seen
  }
  const search = (tree: Tree, at: Standings, above: SeenAbove, found: Found): void => {
    if (tree.below === undefined) {
      listing.search(tree.from, tree.to, at, UNNAMED, UNNAMED, found)
      return
    }
    searchResource(tree.below.get(ANYTHING), ANYTHING, at, found)
    searchResource(tree.below.get(at.resourceType), at.resourceType, at, found)
    searchResource(tree.below.get(at.resource), at.resource, at, found)
    const { numbers, trees } = belowAbove(tree, tree.below, above)
    for (let one = 0; one < trees.length; one++) searchResource(trees[one], numbers[one] ?? UNNAMED, at, found)
  }
  const searchResource = (tree: Tree | undefined, resource: number, at: Standings, found: Found): void => {
    if (tree === undefined) return
    if (tree.below === undefined) {
      listing.search(tree.from, tree.to, at, resource, UNNAMED, found)
      return
    }
    searchAction(tree.below.get(ANYTHING), resource, ANYTHING, at, found)
    searchAction(tree.below.get(at.actionType), resource, at.actionType, at, found)
    searchAction(tree.below.get(at.action), resource, at.action, at, found)
    for (const one of at.actionAbove) searchAction(tree.below.get(one), resource, one, at, found)
  }
  const searchAction = (
    tree: Tree | undefined,
    resource: number,
    action: number,
    at: Standings,
    found: Found,
  ): void => {
    if (tree !== undefined) listing.search(tree.from, tree.to, at, resource, action, found)
  }

  return {
    size: byId.size,
    get: byId.get,
    values: byId.values,
    listing,
    search({ principal, action, resource, entities }) {
      const found = FOUND
      found.count = 0
      const what = seenOf(resource)
      const how = seenOf(action)
      const { type, id, hash } = principal
      const ofType = known.type === type ? known : lookUp(type)
      const at = AT
      at.isPrincipal = true
      at.principalType = ofType.number
      at.resource = what.self
      at.resourceType = what.type
      const aboveResource = seenAbove(entities.above(resource))
      at.resourceAbove = aboveResource.numbers
      at.action = how.self
      at.actionType = how.type
      at.actionAbove = seenAbove(entities.above(action)).numbers
      const own = ofType.entities?.find(id, hash)
      if (own !== undefined) search(own, at, aboveResource, found)
      at.isPrincipal = false
      if (anybody !== undefined) search(anybody, at, aboveResource, found)
      if (ofType.tree !== undefined) search(ofType.tree, at, aboveResource, found)
      const { ranges, trees } = seenAbove(entities.above(principal))
      for (let one = 0; one < ranges.length; one += 2)
        listing.search(ranges[one] ?? 0, ranges[one + 1] ?? 0, at, UNNAMED, UNNAMED, found)
      for (const tree of trees) search(tree, at, aboveResource, found)
      return found
    },
    with(changes) {
      const next = byId.with(changes)
      const size = sizeOf(ground)
      // Names that nobody uses any more stay, and so do places; when they are most of all, it is begun anew.
      if (size > WORN_TIMES * Math.max(sizeBegun, next.size) + WORN_SPARE) return anew(next)
      const changed = byPrincipal.with(changedTrees(byId, byPrincipal, changes, ground))
      return policyIndex(next, changed, ground, sizeBegun)
    },
  }
}

const NOTHING_ABOVE: SeenAbove = { stamp: 0, numbers: [], ranges: [], trees: [], parts: [], before: undefined }
const WORN_TIMES = 8
const WORN_SPARE = 20_000
const sizeOf = <Note>({ names, listing }: Ground<Note>): number => names.size() + listing.size()

/** The parts of a tree for what is above a resource, found once for the few trees that most decisions look into. */
const belowAbove = (
  of: Tree,
  below: ReadonlyMap<number, Tree>,
  { numbers: above, parts }: SeenAbove,
): Omit<PartsOfTree, 'of'> => {
  if (above.length === 0) return NO_PARTS
  for (const known of parts) if (known.of === of) return known
  const numbers: number[] = []
  const trees: Tree[] = []
  for (const number of above) {
    const tree = below.get(number)
    if (tree === undefined) continue
    numbers.push(number)
    trees.push(tree)
  }
  const found = { of, numbers, trees }
  if (parts.length < PARTS_MAX) parts.push(found)
  return found
}

const PARTS_MAX = 2
const NO_PARTS = { numbers: [], trees: [] }

const anew = <Note>(byId: LayeredMap<CompiledPolicy<Note>>): PolicyIndex<Note> => {
  const ground = emptyGround<Note>()
  const all = new Map(Array.from(byId.values(), (policy) => [policy.id, policy]))
  const byPrincipal = emptyPrincipalMap()
  const begun = byPrincipal.with(changedTrees<Note>(emptyLayeredMap(), byPrincipal, all, ground))
  return policyIndex(byId, begun, ground, sizeOf(ground))
}

const changedTrees = <Note>(
  byId: LayeredMap<CompiledPolicy<Note>>,
  byPrincipal: PrincipalMap,
  changes: ReadonlyMap<string, CompiledPolicy<Note> | undefined>,
  ground: Ground<Note>,
): Map<Wanted, Tree | undefined> => {
  const touched = new Map<string, { want: Wanted; left: CompiledPolicy<Note>[]; come: CompiledPolicy<Note>[] }>()
  const touch = ({ head: { principal } }: CompiledPolicy<Note>) => {
    const key = JSON.stringify([principal.equal ?? principal.anyOf?.[0] ?? principal.type])
    const known = touched.get(key) ?? { want: principal, left: [], come: [] }
    touched.set(key, known)
    return known
  }
  for (const [id, policy] of changes) {
    const before = byId.get(id)
    if (before) touch(before).left.push(before)
    if (policy) touch(policy).come.push(policy)
  }
  const trees = new Map<Wanted, Tree | undefined>()
  for (const { want, left, come } of touched.values()) {
    const before = byPrincipal.listed(want)
    const after = before ? changedTree(before, left, come, ground) : treeOf(come, ground)
    trees.set(want, after.size === 0 ? undefined : after)
  }
  return trees
}

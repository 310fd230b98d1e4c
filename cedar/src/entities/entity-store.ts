import type { EntityUid } from '../entity-uid.ts'
import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import type { ExactEntity } from '../request.ts'
import { readUid } from '../values/read-uid.ts'
import { type Shapes, sharedShapes } from '../values/shapes.ts'
import type { EntityValue } from '../values/value.ts'
import { climb } from './climb.ts'
import { type EntityNode, type EntityView, entityNode } from './entity-node.ts'
import { isSameEntity, isSameParents, readEntity } from './read-entity.ts'

/** Entities that were read once and are ready for any number of decisions. */
export interface ReadyEntities extends EntityView {
  readonly size: number
  /** Whether an entity is described here, or named as somebody's parent. */
  knows(node: EntityNode): boolean
}

/** Ready entities that never change; `with` makes another store. */
export interface EntityStore extends ReadyEntities {
  /** The types of which anything is described here. */
  readonly types: readonly string[]
  /** The types of what is named as a parent and not described here. */
  outsideTypes(): readonly string[]
  /** All that are described here. */
  nodes(): readonly EntityNode[]
  /** What is named as a parent and not described here. */
  outside(): readonly EntityValue[]
  /** The store after removing some entities and adding others; an added one replaces the one with its name. */
  with(change: { add?: readonly ExactEntity[]; remove?: readonly EntityUid[] }): PreparedEntities
}

/** A store, or what is wrong with what it would have been made of. */
export type PreparedEntities = { ok: true; store: EntityStore } | { ok: false; problem: string }

/** Reads entities, finds all ancestors of each, and makes a store of them; never throws, whatever it is given. */
export const prepareEntities = (entities: readonly ExactEntity[]): PreparedEntities =>
  emptyStore().with({ add: entities })

const SHAPES_MAX = 10_000

const emptyStore = (): EntityStore => storeOf({ types: new Map(), named: new Set(), shapes: sharedShapes(SHAPES_MAX) })

type Types = ReadonlyMap<string, LayeredMap<EntityNode>>

interface Inside {
  types: Types
  /** The keys of all that was ever named as a parent; one too many costs time, one too few an answer. */
  named: ReadonlySet<string>
  /** Those of all its entities, so that a field of one is where it is in the others. */
  shapes: Shapes
}

const storeOf = (inside: Inside): EntityStore => {
  const { types, named } = inside
  let size = 0
  for (const nodes of types.values()) size += nodes.size
  const find = finding(types, size)
  let all: readonly EntityNode[] | undefined
  let outside: readonly EntityValue[] | undefined
  let outsideTypes: readonly string[] | undefined
  const outsideNow = (): readonly EntityValue[] => {
    outside ??= outsideOf(nodes(), find)
    return outside
  }
  const nodes = (): readonly EntityNode[] => {
    all ??= [...types.values()].flatMap((ofType) => [...ofType.values()])
    return all
  }
  return {
    size,
    find,
    nodes,
    types: [...types.keys()],
    outside: outsideNow,
    outsideTypes() {
      outsideTypes ??= [...new Set(outsideNow().map(({ type }) => type))]
      return outsideTypes
    },
    above: (node) => node.above,
    knows: (node) => named.has(node.key) || find(node.type, node.id) !== undefined,
    with(change) {
      try {
        return changed(inside, change)
      } catch {
        return { ok: false, problem: 'the entities cannot be read' }
      }
    },
  }
}

/** Many stores are of one entity, laid together for a decision: two texts are compared sooner than looked up. */
const finding = (types: Types, size: number): EntityView['find'] => {
  const [only] = size === 1 ? [...types.values()].flatMap((ofType) => [...ofType.values()]) : []
  if (only === undefined) return (type, id) => types.get(type)?.get(id)
  return (type, id) => (id === only.id && type === only.type ? only : undefined)
}

const outsideOf = (nodes: readonly EntityNode[], find: EntityView['find']): EntityValue[] => {
  const named = new Map<string, EntityValue>()
  for (const { parents } of nodes)
    for (const parent of parents) if (!find(parent.type, parent.id)) named.set(parent.key, parent)
  return [...named.values()]
}

const changed = (
  inside: Inside,
  change: { add?: readonly ExactEntity[]; remove?: readonly EntityUid[] },
): PreparedEntities => {
  const edits = editsOf(change, inside.shapes)
  if (typeof edits === 'string') return { ok: false, problem: edits }
  const named = namedBy(inside.named, edits)
  const types = applied(inside.types, edits)
  const find = ({ type, id }: EntityUid): EntityNode | undefined => types.get(type)?.get(id)
  const stale = staleKeys(inside, edits)
  // Who is neither changed nor below what moved keeps its ancestors.
  const isKept = (node: EntityNode): boolean => !edits.get(node.type)?.has(node.id) && !isBelowAny(node, stale)
  const { above } = climb(find, (node) => (isKept(node) ? node.above : undefined))
  const climbed = new Map<string, Map<string, EntityNode>>()
  for (const node of affected(types, edits, stale)) {
    const ancestors = above(node)
    if (typeof ancestors === 'string') return { ok: false, problem: ancestors }
    placed(climbed, node.type).set(node.id, entityNode(node, node, node.tags, node.parents, ancestors))
  }
  return { ok: true, store: storeOf({ types: applied(types, climbed), named, shapes: inside.shapes }) }
}

type Edits = ReadonlyMap<string, ReadonlyMap<string, EntityNode | undefined>>

const placed = <Node>(edits: Map<string, Map<string, Node>>, type: string): Map<string, Node> => {
  const nodes = edits.get(type) ?? new Map<string, Node>()
  edits.set(type, nodes)
  return nodes
}

const editsOf = (
  change: { add?: readonly ExactEntity[]; remove?: readonly EntityUid[] },
  shapes: Shapes,
): Edits | string => {
  const edits = new Map<string, Map<string, EntityNode | undefined>>()
  for (const written of change.remove ?? []) {
    const uid = readUid(written)
    if (typeof uid !== 'object') return uid ?? 'what is to be removed has no proper name'
    placed(edits, uid.type).set(uid.id, undefined)
  }
  for (const written of change.add ?? []) {
    const node = readEntity(written, shapes)
    if (typeof node === 'string') return node
    const nodes = placed(edits, node.type)
    const known = nodes.get(node.id)
    if (known && !isSameEntity(known, node)) return 'an entity is described twice, and differently'
    nodes.set(node.id, node)
  }
  return edits
}

const namedBy = (named: ReadonlySet<string>, edits: Edits): ReadonlySet<string> => {
  const added = new Set<string>()
  for (const nodes of edits.values())
    for (const node of nodes.values())
      for (const parent of node?.parents ?? []) if (!named.has(parent.key)) added.add(parent.key)
  return added.size === 0 ? named : named.union(added)
}

const applied = (types: Types, edits: Edits): Types => {
  const next = new Map(types)
  for (const [type, nodes] of edits) next.set(type, (next.get(type) ?? emptyLayeredMap<EntityNode>()).with(nodes))
  return next
}

/** The keys of the changed entities that others may be below of, and that have other parents now. */
const staleKeys = ({ types, named }: Inside, edits: Edits): string[] => {
  const stale: string[] = []
  for (const [type, nodes] of edits)
    for (const [id, node] of nodes) {
      const before = types.get(type)?.get(id)
      const key = (node ?? before)?.key
      const isMoved = !node || !before || !isSameParents(before, node)
      if (key !== undefined && isMoved && named.has(key)) stale.push(key)
    }
  return stale
}

const isBelowAny = (node: EntityNode, keys: readonly string[]): boolean => keys.some((key) => node.above.keys.has(key))

function* affected(types: Types, edits: Edits, stale: readonly string[]): Generator<EntityNode> {
  for (const nodes of edits.values()) for (const node of nodes.values()) if (node) yield node
  if (stale.length === 0) return
  for (const [type, nodes] of types)
    for (const node of nodes.values()) if (!edits.get(type)?.has(node.id) && isBelowAny(node, stale)) yield node
}

/** A store without entities. */
export const EMPTY_STORE: EntityStore = emptyStore()

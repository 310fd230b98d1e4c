import { climb } from './climb.ts'
import type { Ancestors, EntityNode } from './entity-node.ts'
import type { EntityStore, ReadyEntities } from './entity-store.ts'
import { isSameEntity } from './read-entity.ts'

/** All that some stores hold, or why they cannot be taken together. */
export type JoinedEntities = { ok: true; entities: ReadyEntities } | { ok: false; problem: string }

/**
 * Takes a few small stores together, as if all their entities had been prepared at once, without reading any of them again.
 *
 * What one store names as a parent may be described in another, and then the ancestors of both are found anew.
 */
export const joinEntities = (stores: readonly EntityStore[]): JoinedEntities => {
  let size = 0
  let isApart = true
  for (const one of stores) {
    size += one.size
    for (const other of stores) {
      if (one === other) continue
      if (one.size <= other.size && !isAgreed(one, other)) return TWICE
      isApart &&= !isBelow(one, other)
    }
  }
  const find = (type: string, id: string): EntityNode | undefined => {
    for (const store of stores) {
      const node = store.find(type, id)
      if (node) return node
    }
    return undefined
  }
  const above = isApart ? asPrepared : climbed(stores, find)
  if (typeof above === 'string') return { ok: false, problem: above }
  return { ok: true, entities: { size, find, above, knows: (node) => stores.some((store) => store.knows(node)) } }
}

type Above = ReadyEntities['above']

const TWICE: JoinedEntities = { ok: false, problem: 'an entity is described twice, and differently' }

const asPrepared: Above = (node) => node.above

const isAgreed = (one: EntityStore, other: EntityStore): boolean => {
  if (!isAnyIn(one.types, other.types)) return true
  for (const node of one.nodes()) {
    const known = other.find(node.type, node.id)
    if (known && known !== node && !isSameEntity(known, node)) return false
  }
  return true
}

/** Whether something in one store gains ancestors by what the other describes. */
const isBelow = (one: EntityStore, other: EntityStore): boolean => {
  if (!isAnyIn(one.outsideTypes(), other.types)) return false
  for (const named of one.outside()) {
    const node = other.find(named.type, named.id)
    if (node && node.parents.length > 0) return true
  }
  return false
}

// Few types each, so that a look at every pair is quicker than a table.
const isAnyIn = (types: readonly string[], others: readonly string[]): boolean => {
  for (const type of types) for (const other of others) if (type === other) return true
  return false
}

const climbed = (stores: readonly EntityStore[], find: ReadyEntities['find']): Above | string => {
  const climbing = climb(
    (uid) => find(uid.type, uid.id),
    () => undefined,
  )
  const found = new Map<string, Ancestors>()
  for (const store of stores)
    for (const node of store.nodes()) {
      const ancestors = climbing.above(node)
      if (typeof ancestors === 'string') return ancestors
      found.set(node.key, ancestors)
    }
  return (node) => found.get(node.key) ?? node.above
}

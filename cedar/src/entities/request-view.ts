import { requestShapes } from '../values/shapes.ts'
import { climb } from './climb.ts'
import type { Ancestors, EntityNode, EntityView } from './entity-node.ts'
import type { ReadyEntities } from './entity-store.ts'
import { isSameEntity, readEntity } from './read-entity.ts'

/** The entities of the store with those of one request, which replace the ones that have their names. */
export const requestView = (store: ReadyEntities, entities: readonly unknown[]): EntityView | string => {
  const own = readAll(entities)
  if (typeof own === 'string') return own
  const find = (type: string, id: string): EntityNode | undefined => own.get(type)?.get(id) ?? store.find(type, id)
  const nodes = [...own.values()].flatMap((ofType) => [...ofType.values()])
  // What the store never heard of changes nothing for those that are in it.
  const isApart = store.size === 0 || !nodes.some((node) => store.knows(node))
  const { above } = climb(
    (uid) => find(uid.type, uid.id),
    (node) => (isApart && !own.get(node.type)?.has(node.id) ? store.above(node) : undefined),
  )
  const found = new Map<string, Ancestors>()
  for (const node of nodes) {
    const ancestors = above(node)
    if (typeof ancestors === 'string') return ancestors
    found.set(node.key, ancestors)
  }
  return {
    find,
    above(node) {
      const known = found.get(node.key)
      if (known) return known
      if (isApart) return store.above(node)
      const climbed = above(node)
      // Not an answer that a forbid could miss: whoever decides refuses what breaks.
      if (typeof climbed === 'string') throw new Error(climbed)
      return climbed
    },
  }
}

const readAll = (entities: readonly unknown[]): Map<string, Map<string, EntityNode>> | string => {
  const own = new Map<string, Map<string, EntityNode>>()
  for (let at = 0; at < entities.length; at++) {
    const node = readEntity(entities[at], requestShapes)
    if (typeof node === 'string') return node
    const ofType = own.get(node.type) ?? new Map<string, EntityNode>()
    own.set(node.type, ofType)
    const known = ofType.get(node.id)
    if (known && !isSameEntity(known, node)) return 'an entity is described twice, and differently'
    ofType.set(node.id, node)
  }
  return own
}

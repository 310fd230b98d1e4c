import type { EntityUid } from '../entity-uid.ts'
import type { EntityValue } from '../values/value.ts'
import { type Ancestors, type EntityNode, NO_ANCESTORS } from './entity-node.ts'

/** Finds the ancestors of entities, each once. */
export interface Climb {
  /** The ancestors of the entity, or why there is no end to them. */
  above(node: EntityNode): Ancestors | string
}

/**
 * Climbs a hierarchy. What has the same parents shares its ancestors.
 *
 * `known` are entities whose ancestors need no climbing.
 */
export const climb = (
  find: (uid: EntityUid) => EntityNode | undefined,
  known: (node: EntityNode) => Ancestors | undefined,
): Climb => {
  const done = new Map<string, Ancestors>()
  const byParents = new Map<string, Ancestors>()
  const doneOf = (node: EntityNode): Ancestors | undefined => done.get(node.key) ?? known(node)
  const finish = (node: EntityNode): Ancestors => {
    const found = doneOf(node) ?? shared(byParents, node, find, doneOf)
    done.set(node.key, found)
    return found
  }
  return {
    above(start) {
      // The path from the start to where the climb is, and those that wait beside it.
      const path = new Set<string>()
      const stack = [start]
      for (let node = stack.at(-1); node; node = stack.at(-1)) {
        const waiting = doneOf(node) ? [] : undone(node, find, doneOf)
        if (waiting.length > 0) {
          path.add(node.key)
          // All of a path but its start are ancestors of the start, so nobody has to go to the end of a long chain, or collect it.
          if (path.size > ANCESTORS_MAX + 1) return TOO_MANY
          if (waiting.some((parent) => path.has(parent.key))) return 'the hierarchy of entities has a cycle'
          stack.push(...waiting)
          continue
        }
        if (finish(node).list.length > ANCESTORS_MAX) return TOO_MANY
        path.delete(node.key)
        stack.pop()
      }
      return finish(start)
    },
  }
}

// A chain of entities has ancestors in the square of its length.
const ANCESTORS_MAX = 10_000
const TOO_MANY = `an entity has more than ${ANCESTORS_MAX} ancestors`

type Find = (uid: EntityUid) => EntityNode | undefined
type Done = (node: EntityNode) => Ancestors | undefined

const undone = (node: EntityNode, find: Find, doneOf: Done): EntityNode[] =>
  node.parents.flatMap((uid) => {
    const parent = find(uid)
    return parent && !doneOf(parent) ? [parent] : []
  })

const shared = (byParents: Map<string, Ancestors>, node: EntityNode, find: Find, doneOf: Done): Ancestors => {
  if (node.parents.length === 0) return NO_ANCESTORS
  const name = JSON.stringify(node.parents.map((parent) => parent.key).sort())
  const known = byParents.get(name)
  if (known) return known
  const made = ancestorsOf(node.parents, find, doneOf)
  byParents.set(name, made)
  return made
}

const ancestorsOf = (parents: readonly EntityValue[], find: Find, doneOf: Done): Ancestors => {
  const keys = new Set<string>()
  for (const uid of parents) {
    keys.add(uid.key)
    const parent = find(uid)
    if (parent) for (const key of doneOf(parent)?.list ?? []) keys.add(key)
  }
  return { keys, list: [...keys], seen: undefined }
}

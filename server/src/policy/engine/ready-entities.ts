import {
  type Entity,
  type EntityStore,
  joinEntities,
  prepareEntities,
  type ReadyEntities,
  type Request,
} from '@reeve/cedar'
import { entitiesProblem } from './request-problem.ts'

/** Entities that were judged fit and read once, for all the decisions that they are part of; they never change. */
export interface ReadyPart {
  readonly entities: readonly Entity[]
  readonly store: EntityStore
}

/** Reads entities once; undefined of what no decision can be made on, so that each decision says why. */
export const readyPart = (entities: readonly Entity[]): ReadyPart | undefined => {
  if (entitiesProblem(entities) !== undefined) return undefined
  const prepared = NOTHING.ok ? NOTHING.store.with({ add: entities }) : NOTHING
  return prepared.ok ? { entities, store: prepared.store } : undefined
}

// One for all parts, so that a field of one is where it is in the others.
const NOTHING = prepareEntities([])

/** What of a request is still to be read, and what it is decided on beside that. */
export interface Laid {
  readonly own: Entity[]
  readonly ready: ReadyEntities | undefined
}

/**
 * Lays the entities of a request over those parts of it that are ready.
 * INVARIANT: the parts and what is left are exactly the entities of the request. Where a part has one that the request
 * does not list, or says something else of one that it does, no part is taken, and all is read from the request.
 */
export const layOver = (request: Request, parts: Parts, groups: EntityStore | undefined): Laid => {
  const plain: Laid = { own: request.entities, ready: groups }
  const stores: EntityStore[] = []
  for (const part of parts) if (part !== undefined) stores.push(part.store)
  if (stores.length === 0) return plain
  const own = isAllOf(request.entities, parts) ? [] : ownOf(request.entities, parts)
  if (own === undefined) return plain
  for (const { uid } of own) for (const store of stores) if (store.find(uid.type, uid.id) !== undefined) return plain
  if (groups !== undefined) stores.push(groups)
  const joined = joinEntities(stores)
  return joined.ok ? { own, ready: joined.entities } : plain
}

type Parts = readonly (ReadyPart | undefined)[]

/** Whether a request lists the entities of its parts, one part after the other, and nothing else, as it mostly does. */
const isAllOf = (entities: readonly Entity[], parts: Parts): boolean => {
  let at = 0
  for (const part of parts) if (part) for (const entity of part.entities) if (entities[at++] !== entity) return false
  return at === entities.length
}

/** What a request lists beside its parts; undefined where it does not list all of them. */
const ownOf = (entities: readonly Entity[], parts: Parts): Entity[] | undefined => {
  for (const part of parts) if (part && !part.entities.every((entity) => entities.includes(entity))) return undefined
  return entities.filter((entity) => !parts.some((part) => part?.entities.includes(entity)))
}

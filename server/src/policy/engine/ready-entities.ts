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
export const layOver = (
  request: Request,
  parts: readonly (ReadyPart | undefined)[],
  groups: EntityStore | undefined,
): Laid => {
  const plain: Laid = { own: request.entities, ready: groups }
  const stores: EntityStore[] = []
  let listed = 0
  for (const part of parts) {
    if (part === undefined) continue
    if (!part.entities.every((entity) => request.entities.includes(entity))) return plain
    stores.push(part.store)
    listed += part.entities.length
  }
  if (stores.length === 0) return plain
  const own =
    listed === request.entities.length
      ? []
      : request.entities.filter((entity) => !parts.some((part) => part?.entities.includes(entity)))
  if (own.some(({ uid }) => stores.some((store) => store.find(uid.type, uid.id) !== undefined))) return plain
  const joined = joinEntities(groups === undefined ? stores : [...stores, groups])
  return joined.ok ? { own, ready: joined.entities } : plain
}

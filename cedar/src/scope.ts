import { type EntityUid, uidText } from './entity-uid.ts'
import type { ActionConstraint, EntityConstraint, EstUid, PolicyScope } from './policy-est.ts'
import type { Entity, Request } from './request.ts'

/** One entity of a request as heads of policies see it: itself, its type, and everything it is in. */
export interface Standing {
  self: string
  type: string
  /** The entity itself and all its ancestors. */
  within: ReadonlySet<string>
}

/** The three entities of a request as heads of policies see them. */
export interface Standings {
  principal: Standing
  action: Standing
  resource: Standing
}

/** What a constraint asks, with names as text: equal to, in one of, of a type; all that are there must hold. */
export interface Wanted {
  equal?: string
  anyOf?: string[]
  type?: string
}

/** A policy's head, ready to be compared. */
export interface WantedScope {
  principal: Wanted
  action: Wanted
  resource: Wanted
}

/** Reads a policy's head. */
export const wantedScope = (scope: PolicyScope): WantedScope => ({
  principal: wanted(scope.principal),
  action: wanted(scope.action),
  resource: wanted(scope.resource),
})

/** Whether a head speaks of these three entities. */
export const isInScope = (scope: WantedScope, at: Standings): boolean =>
  isWanted(scope.principal, at.principal) && isWanted(scope.resource, at.resource) && isWanted(scope.action, at.action)

/** Climbs the request's hierarchy from its principal, action and resource. */
export const standingsOf = (request: Request): Standings => {
  const parents = new Map<string, EntityUid[]>()
  for (const entity of request.entities) noteParents(parents, entity)
  const standing = (uid: EntityUid): Standing => ({
    self: uidText(uid),
    type: uid.type,
    within: ancestors(uid, parents),
  })
  return {
    principal: standing(request.principal),
    action: standing(request.action),
    resource: standing(request.resource),
  }
}

// The same entity may be listed twice; the union of its parents can only widen what is looked at.
const noteParents = (parents: Map<string, EntityUid[]>, entity: Entity): void => {
  const name = uidText(entity.uid)
  const known = parents.get(name)
  parents.set(name, known ? [...known, ...entity.parents] : entity.parents)
}

const ancestors = (uid: EntityUid, parents: ReadonlyMap<string, EntityUid[]>): Set<string> => {
  const found = new Set([uidText(uid)])
  // A set is walked in the order of insertion, including what is added on the way; a cycle adds nothing new.
  for (const name of found) for (const parent of parents.get(name) ?? []) found.add(uidText(parent))
  return found
}

const isWanted = (want: Wanted, at: Standing): boolean =>
  (want.equal === undefined || want.equal === at.self) &&
  (want.type === undefined || want.type === at.type) &&
  (want.anyOf === undefined || want.anyOf.some((name) => at.within.has(name)))

const wanted = (constraint: EntityConstraint | ActionConstraint): Wanted => {
  if (constraint.op === 'All') return {}
  if (constraint.op === 'is') {
    const within = constraint.in && 'entity' in constraint.in ? { anyOf: [estUidText(constraint.in.entity)] } : {}
    return { type: constraint.entity_type, ...within }
  }
  if ('entities' in constraint) return { anyOf: constraint.entities.map(estUidText) }
  // A slot of a template may be filled by any entity.
  if (!('entity' in constraint)) return {}
  const name = estUidText(constraint.entity)
  return constraint.op === '==' ? { equal: name } : { anyOf: [name] }
}

const estUidText = (uid: EstUid): string => uidText('__entity' in uid ? uid.__entity : uid)

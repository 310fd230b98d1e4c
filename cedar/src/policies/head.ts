import { type EntityNode, type EntityView, typeKey } from '../entities/entity-node.ts'
import type { EntityUid } from '../entity-uid.ts'
import { readUid } from '../values/read-uid.ts'
import { entityKey } from '../values/value.ts'

/** What a policy asks of its principal, action or resource; what is not asked is not there. */
export interface Wanted {
  /** The key of the one entity that it must be. */
  readonly equal?: string
  /** The keys of entities of which it must be one, or below one. */
  readonly anyOf?: readonly string[]
  /** The type that it must be of. */
  readonly type?: string
}

/** The head of a policy, ready to be compared. */
export interface Head {
  readonly principal: Wanted
  readonly action: Wanted
  readonly resource: Wanted
}

/** Reads the head of a parsed policy, or says what is wrong with it. */
export type HeadReader = (est: object) => Head | string

/** Makes a reader of heads; what several policies ask is the same object, and so is at hand when it is compared. */
export const headReader = (): HeadReader => {
  const known = new Map<string, Wanted | string>()
  const read = (constraint: unknown): Wanted | string => {
    const key = JSON.stringify(constraint) ?? ''
    const asked = known.get(key) ?? wanted(constraint)
    known.set(key, asked)
    return asked
  }
  return (est) => {
    const principal = read(Reflect.get(est, 'principal'))
    if (typeof principal === 'string') return principal
    const action = read(Reflect.get(est, 'action'))
    if (typeof action === 'string') return action
    const resource = read(Reflect.get(est, 'resource'))
    return typeof resource === 'string' ? resource : { principal, action, resource }
  }
}

/** Whether an entity is what is asked. */
export const isWanted = (want: Wanted, node: EntityNode, entities: EntityView): boolean =>
  (want.equal === undefined || want.equal === node.key) &&
  (want.type === undefined || want.type === node.type) &&
  (want.anyOf === undefined || isAnyOf(want.anyOf, node, entities))

/**
 * Whether an entity is what is asked, given that the policy was found under a key of the entity: under its own key, or
 * under one that it has otherwise.
 */
export const isReached = (want: Wanted, node: EntityNode, isSelf: boolean): boolean =>
  (isSelf || want.equal === undefined) && (want.type === undefined || want.type === node.type)

/** What a policy about everything is listed under. INVARIANT: never the key of an entity or of a type. */
export const ANY = '*'

/**
 * What a policy is listed under.
 *
 * INVARIANT: an entity that is wanted has one of these keys as its own, its type's, an ancestor's, or `ANY`.
 */
export const wantedKeys = (want: Wanted): readonly string[] => {
  if (want.equal !== undefined) return [want.equal]
  if (want.anyOf !== undefined) return [...new Set(want.anyOf)]
  return [want.type === undefined ? ANY : typeKey(want.type)]
}

const isAnyOf = (keys: readonly string[], node: EntityNode, entities: EntityView): boolean => {
  for (const key of keys) if (key === node.key || entities.above(node).keys.has(key)) return true
  return false
}

const MALFORMED = 'the head of the policy has a wrong form'

const wanted = (constraint: unknown): Wanted | string => {
  if (typeof constraint !== 'object' || constraint === null || !('op' in constraint)) return MALFORMED
  if ('slot' in constraint) return 'the policy is a template: link it first'
  const entity = 'entity' in constraint ? readUid(constraint.entity) : undefined
  switch (constraint.op) {
    case 'All':
      return {}
    case '==':
      return typeof entity === 'object' ? { equal: keyOf(entity) } : MALFORMED
    case 'in':
      if (typeof entity === 'object') return { anyOf: [keyOf(entity)] }
      return 'entities' in constraint && Array.isArray(constraint.entities) ? severalOf(constraint.entities) : MALFORMED
    case 'is':
      return typed(constraint)
    default:
      return MALFORMED
  }
}

const keyOf = (uid: EntityUid): string => entityKey(uid.type, uid.id)

const severalOf = (list: readonly unknown[]): Wanted | string => {
  const anyOf: string[] = []
  for (const written of list) {
    const uid = readUid(written)
    if (typeof uid !== 'object') return MALFORMED
    anyOf.push(keyOf(uid))
  }
  return { anyOf }
}

const typed = (constraint: object): Wanted | string => {
  const type: unknown = Reflect.get(constraint, 'entity_type')
  if (typeof type !== 'string') return MALFORMED
  const within: unknown = Reflect.get(constraint, 'in')
  if (within === undefined || within === null) return { type }
  if (typeof within !== 'object') return MALFORMED
  if ('slot' in within) return 'the policy is a template: link it first'
  const uid = 'entity' in within ? readUid(within.entity) : undefined
  return typeof uid === 'object' ? { type, anyOf: [keyOf(uid)] } : MALFORMED
}

import type { EntityUid } from '../entity-uid.ts'
import { readUid } from '../values/read-uid.ts'

/** What a policy asks of its principal, action or resource; what is not asked is not there. */
export interface Wanted {
  /** The one entity that it must be. */
  readonly equal?: EntityUid
  /** Entities of which it must be one, or below one; several only of an action. */
  readonly anyOf?: readonly EntityUid[]
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
  const readOne = (constraint: unknown): Wanted | string => {
    const asked = read(constraint)
    return typeof asked === 'string' || asked.anyOf === undefined || asked.anyOf.length === 1 ? asked : MALFORMED
  }
  return (est) => {
    const principal = readOne(Reflect.get(est, 'principal'))
    if (typeof principal === 'string') return principal
    const action = read(Reflect.get(est, 'action'))
    if (typeof action === 'string') return action
    const resource = readOne(Reflect.get(est, 'resource'))
    return typeof resource === 'string' ? resource : { principal, action, resource }
  }
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
      return typeof entity === 'object' ? { equal: entity } : MALFORMED
    case 'in':
      if (typeof entity === 'object') return { anyOf: [entity] }
      return 'entities' in constraint && Array.isArray(constraint.entities) ? severalOf(constraint.entities) : MALFORMED
    case 'is':
      return typed(constraint)
    default:
      return MALFORMED
  }
}

const severalOf = (list: readonly unknown[]): Wanted | string => {
  const anyOf: EntityUid[] = []
  for (const written of list) {
    const uid = readUid(written)
    if (typeof uid !== 'object') return MALFORMED
    anyOf.push(uid)
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
  return typeof uid === 'object' ? { type, anyOf: [uid] } : MALFORMED
}

import type { CedarRecord, Entity, EntityUid } from '@reeve/cedar'
import { looksSecret } from '../../kit/secret-shape.ts'
import { isOfType, typeNamed, type ValueType } from '../domain/application.ts'
import type { Invariant } from '../domain/invariant.ts'
import { isPrivileged, type Resource } from '../domain/resource.ts'
import { type ReadyPart, readyPart } from '../engine/index.ts'
import { actionUid, DEPLOYMENT_ENTITY, uid } from '../memory/entities.ts'
import type { Warmed } from '../memory/identities.ts'
import type { PolicyMemory } from '../memory.ts'
import { applicationIndex, cedarValue, type IndexedType } from './application-index.ts'
import { IDENTITY_TYPE, type Named, type Question, RESOURCE_TYPE, type Stated } from './question.ts'

/** A question of which is known what it is about; or what is wrong with it. */
export type Resolved =
  | { readonly of: 'register'; readonly warmed: Warmed; readonly resource: Resource; readonly action: string }
  | OfApplication
  | { readonly of: 'unknown'; readonly invariant: Invariant; readonly about: Resource | IndexedType | undefined }
  | { readonly of: 'malformed'; readonly why: string; readonly about: IndexedType | undefined }

/** A question about an application's own things. */
export interface OfApplication {
  readonly of: 'application'
  readonly type: IndexedType
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: CedarRecord
  readonly entities: readonly Entity[]
  /** What of them was read before; what the caller states of a thing is read with the question. */
  readonly parts: readonly (ReadyPart | undefined)[]
  readonly isPrivileged: boolean
  /** Whether the register has both the subject and the resource. */
  readonly isRegistered: boolean
  /** The registered identity that is the subject, if one is. */
  readonly identity: Warmed | undefined
}

/** Finds out what a question is about, at once unless it names an identity, which is loaded. */
export const resolveQuestion = (memory: PolicyMemory, question: Question): Resolved | Promise<Resolved> =>
  question.subject.type === IDENTITY_TYPE
    ? memory.warmNamed(question.subject.id).then((identity) => resolveWith(memory, question, identity))
    : resolveWith(memory, question, undefined)

const resolveWith = (memory: PolicyMemory, question: Question, identity: Warmed | undefined): Resolved => {
  const resolved = resolve(memory, question, identity)
  // Names that the register has are no secrets; others are recorded as they came, and these must not be.
  return isTakenAsNamed(resolved) && textsOf(question).some(looksSecret)
    ? malformed('an id, a type or an action looks like a secret')
    : resolved
}

const isTakenAsNamed = (resolved: Resolved): boolean =>
  resolved.of === 'unknown' || (resolved.of === 'application' && !resolved.isRegistered)

const textsOf = ({ subject, action, resource }: Question): readonly string[] => [
  subject.id,
  subject.type,
  resource.id,
  resource.type,
  action.name,
]

const resolve = (memory: PolicyMemory, question: Question, identity: Warmed | undefined): Resolved => {
  const { action, resource } = question
  if (resource.type === RESOURCE_TYPE) {
    const on = memory.resource(resource.id)
    if (on === undefined) return unknown('reeve:unknown-resource')
    if (identity === undefined) return unknown('reeve:unknown-identity', on)
    return { of: 'register', warmed: identity, resource: on, action: action.name }
  }
  return ofApplication(memory, question, identity)
}

const unknown = (invariant: Invariant, about?: Resource | IndexedType): Resolved => ({
  of: 'unknown',
  invariant,
  about,
})

const malformed = (why: string, about?: IndexedType): Resolved => ({ of: 'malformed', why, about })

const ofApplication = (memory: PolicyMemory, question: Question, identity: Warmed | undefined): Resolved => {
  const index = applicationIndex(memory.base().stored.applications)
  const type = index.resource(question.resource.type)
  if (type === undefined) return unknown('reeve:unknown-resource')
  const { application } = type
  const action = type.actions.get(question.action.name)
  const resource = entityOf(type, question.resource)
  if (typeof resource === 'string') return malformed(`resource.properties: ${resource}`, type)
  if (resource === undefined) return unknown('reeve:unknown-resource', type)
  if (action === undefined) return unknown('reeve:unknown-action', type)
  const subjects = index.subject(question.subject.type)
  const own = subjects?.application === application ? entityOf(subjects, question.subject) : undefined
  if (typeof own === 'string') return malformed(`subject.properties: ${own}`, type)
  const principal = own ?? identity?.entities[0]
  if (principal === undefined) return unknown('reeve:unknown-identity', type)
  if (own === undefined && identity?.identity.state !== 'active') return unknown('reeve:not-active', type)
  if (own === undefined && identity?.identity.environment !== application.environment)
    return unknown('reeve:environment-isolation', type)
  const request = factsOf(action.facts, question)
  if (typeof request === 'string') return malformed(request, type)
  return {
    of: 'application',
    type,
    principal: principal.uid,
    action: actionUid(resource.uid, action.name),
    resource: resource.uid,
    context: request === undefined ? {} : { request },
    entities: own === undefined ? [...(identity?.entities ?? []), DEPLOYMENT_ENTITY, resource] : [own, resource],
    parts: [
      ...(own === undefined ? [identity?.ready, DEPLOYMENT] : [registeredPart(subjects, own)]),
      registeredPart(type, resource),
    ],
    isPrivileged: isPrivileged(action.effect),
    isRegistered:
      type.entities.has(question.resource.id) &&
      (own === undefined || subjects?.entities.has(question.subject.id) === true),
    identity: own === undefined ? identity : undefined,
  }
}

const DEPLOYMENT = readyPart([DEPLOYMENT_ENTITY])

// What a caller states of a thing makes another entity of it, which is only for the question.
const registeredPart = (type: IndexedType | undefined, entity: Entity): ReadyPart | undefined =>
  type?.entities.get(entity.uid.id) === entity ? type.ready(entity) : undefined

/**
 * The thing that is named, with what is stated of it where the register says nothing; a text says what is wrong.
 * INVARIANT: what is registered is never overridden, and of the rest only what the type lets callers state counts.
 */
const entityOf = (type: IndexedType, { id, properties }: Named): Entity | string | undefined => {
  const registered = type.entities.get(id)
  if (registered === undefined && !type.declared.isOpen) return undefined
  let entity = registered ?? { uid: { type: type.cedarType, id }, attrs: {}, parents: [] }
  for (const [name, valueType] of Object.entries(type.declared.stated)) {
    if (!Object.hasOwn(properties, name) || Object.hasOwn(entity.attrs, name)) continue
    const value = statedValue(properties[name], valueType)
    if (value === undefined) return `${name} is no ${valueType}, or looks like a secret`
    entity = { ...entity, attrs: { ...entity.attrs, [name]: value } }
  }
  return entity
}

/** The facts that the action lets callers state, from its properties or from the context; both must not differ. */
const factsOf = (
  facts: Readonly<Record<string, ValueType>>,
  { action, context }: Question,
): CedarRecord | string | undefined => {
  let found: CedarRecord | undefined
  for (const name of Object.keys(facts)) {
    const type = typeNamed(facts, name)
    const places = [action.properties, context].filter((stated) => Object.hasOwn(stated, name))
    const [first, second] = places.map((stated) => stated[name])
    if (type === undefined || places.length === 0) continue
    const value = statedValue(first, type)
    if (value === undefined) return `${name} is no ${type}, or looks like a secret`
    if (places.length > 1 && JSON.stringify(first) !== JSON.stringify(second))
      return `${name} is one thing in action.properties and another in context`
    found = { ...found, [name]: value }
  }
  return found
}

const statedValue = (value: Stated[string], type: ValueType) => {
  if (!isOfType(value, type)) return undefined
  const texts = typeof value === 'object' ? value : [String(value)]
  return texts.some(looksSecret) ? undefined : cedarValue(value, type)
}

/** The name of a thing that is not known, as it is recorded. */
export const strangerUid = ({ type, id }: Pick<Named, 'type' | 'id'>): EntityUid =>
  type === IDENTITY_TYPE ? uid('Identity', id) : type === RESOURCE_TYPE ? uid('Resource', id) : { type, id }

import { isIP } from 'node:net'
import { calledGrave, type Effect, isSensitive, SENSITIVITIES, type Sensitivity } from './resource.ts'

/** The types that an attribute or a fact may have. */
export const VALUE_TYPES = ['string', 'long', 'boolean', 'strings', 'datetime', 'ip'] as const
/** The type of an attribute or a fact. */
export type ValueType = (typeof VALUE_TYPES)[number]

/** A value of one of these types, as files and requests write it. */
export type PlainValue = string | number | boolean | readonly string[]

/** An application that asks about subjects and resources of its own; its name is their namespace in policies. */
export interface Application {
  readonly id: string
  readonly name: string
  /** Registered identities of another environment are kept from it. */
  readonly environment: string
  /** Ids of the identities that may ask about it. */
  readonly askedBy: readonly string[]
  readonly subjects: readonly SubjectType[]
  readonly resources: readonly ResourceType[]
  readonly directory: string | null
}

/** A type of things. */
export interface SubjectType {
  readonly type: string
  /** What only the register says. */
  readonly attributes: Readonly<Record<string, ValueType>>
  /** What a caller may say of a thing where the register does not. */
  readonly stated: Readonly<Record<string, ValueType>>
  /** Whether things that are not registered are decided on too, by what is stated of them. */
  readonly isOpen: boolean
  readonly entities: readonly ApplicationEntity[]
}

/** A type of things to which something can be done. */
export interface ResourceType extends SubjectType {
  /** How much harm the wrong hands could do with what these things hold. */
  readonly sensitivity: Sensitivity
  readonly actions: readonly ApplicationAction[]
}

/** What can be done, how much harm it can do, and what a caller may say of how it is done. */
export interface ApplicationAction {
  readonly name: string
  readonly effect: Effect
  readonly facts: Readonly<Record<string, ValueType>>
}

/** One registered thing. */
export interface ApplicationEntity {
  readonly id: string
  readonly attributes: Readonly<Record<string, PlainValue>>
}

/**
 * Why a change of an application needs an approval, if it does: what was permitted as a read would be permitted as more,
 * or what needs an approval to be permitted would be called harmless or be of another environment. What is not declared
 * any more could be declared as less the next time, so that to end it takes as much.
 */
export const regradedIn = (before: Application, after: Application | undefined): string | undefined => {
  if (after !== undefined && after.environment !== before.environment)
    return `${before.name} would be of ${after.environment}`
  return before.resources
    .map((was) =>
      regradedType(
        before.name,
        was,
        after?.resources.find(({ type }) => type === was.type),
      ),
    )
    .find((regraded) => regraded !== undefined)
}

const regradedType = (of: string, was: ResourceType, is: ResourceType | undefined): string | undefined => {
  const name = `${of}::${was.type}`
  if (is === undefined && isSensitive(was.sensitivity))
    return `${name}, which is ${was.sensitivity}, would not be declared any more`
  if (is !== undefined && isLower(is.sensitivity, was.sensitivity)) return `${name} would be only ${is.sensitivity}`
  for (const { name: action, effect } of was.actions) {
    const now = is?.actions.find((one) => one.name === action)
    if (now === undefined && effect !== 'read')
      return `${action} on ${name}, which is ${calledGrave({ effect }, was)}, would not be declared any more`
    if (now !== undefined && now.effect !== effect)
      return `${action} on ${name} would be ${now.effect} instead of ${effect}`
  }
  return undefined
}

const isLower = (one: Sensitivity, other: Sensitivity): boolean =>
  SENSITIVITIES.indexOf(one) < SENSITIVITIES.indexOf(other)

/** What is wrong with an application by itself, if anything: what names collide, and which values are not of their type. */
export const applicationProblem = (application: Application): string | undefined => {
  const types = [...application.subjects, ...application.resources]
  const twice = firstTwice(types.map(({ type }) => type))
  if (twice !== undefined) return `the type ${twice} stands twice`
  return (
    types.map(typeProblem).find((problem) => problem !== undefined) ??
    factProblem(application.resources.flatMap(({ actions }) => actions))
  )
}

const typeProblem = ({ type, attributes, stated, entities }: SubjectType): string | undefined => {
  const both = Object.keys(attributes).find((name) => Object.hasOwn(stated, name))
  if (both !== undefined) return `${type}.${both} is either an attribute or stated`
  const twice = firstTwice(entities.map(({ id }) => id))
  if (twice !== undefined) return `${type} ${twice} stands twice`
  for (const entity of entities)
    for (const [name, value] of Object.entries(entity.attributes)) {
      const declared = typeNamed(attributes, name) ?? typeNamed(stated, name)
      if (declared === undefined) return `${type} ${entity.id} has ${name}, which the type has not`
      if (!isOfType(value, declared)) return `${type} ${entity.id}: ${name} is no ${declared}`
    }
  return undefined
}

// Facts stand in one record of the context, whatever the action is.
const factProblem = (actions: readonly ApplicationAction[]): string | undefined => {
  const known = new Map<string, ValueType>()
  for (const { name, facts } of actions)
    for (const [fact, type] of Object.entries(facts)) {
      if ((known.get(fact) ?? type) !== type) return `the fact ${fact} of ${name} has another type elsewhere`
      known.set(fact, type)
    }
  return undefined
}

/** The type that a record of types gives a name, if it gives it one. */
export const typeNamed = (types: Readonly<Record<string, ValueType>>, name: string): ValueType | undefined =>
  Object.hasOwn(types, name) ? types[name] : undefined

/** Whether a value, as JSON has it, is of this type. */
export const isOfType = (value: unknown, type: ValueType): value is PlainValue => {
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'long') return Number.isSafeInteger(value)
  if (type === 'strings') return Array.isArray(value) && value.length <= LISTED_MAX && value.every(isText)
  if (!isText(value)) return false
  if (type === 'datetime') return MOMENT.test(value) && !Number.isNaN(Date.parse(value))
  return type !== 'ip' || isIP(value) > 0
}

const LISTED_MAX = 200
const TEXT_MAX = 1000
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= TEXT_MAX && value.isWellFormed()

const firstTwice = (names: readonly string[]): string | undefined => {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}

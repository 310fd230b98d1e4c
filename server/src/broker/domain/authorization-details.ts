import { readJsonList } from './compact-jwt.ts'

/** A value of a detail. */
export type DetailValue = string | number | boolean | readonly string[]

/** An authorization detail (RFC 9396 §2) of a form that is understood here; its type has not been looked at. */
export interface Detail {
  readonly type: string
  readonly actions: readonly string[]
  readonly [field: string]: DetailValue
}

/** What a type says of its own fields. */
interface DetailType {
  readonly type: string
  readonly fields: Readonly<Record<string, DetailField>>
}

interface DetailField {
  readonly kind: 'text' | 'number' | 'flag' | 'texts'
  readonly isRequired: boolean
  readonly oneOf?: readonly string[] | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

const TEXT_CHARACTERS_MAX = 4096
const DETAILS_MAX = 10
const MEMBERS_MAX = 30
const VALUE_CHARACTERS_MAX = 300
const LIST_MAX = 50

/** Reads the parameter (RFC 9396 §2): a list of objects that each ask for some actions; undefined when it is malformed. */
export const readDetails = (text: string | undefined): readonly Detail[] | undefined => {
  if (text === undefined) return []
  const list = text.length > TEXT_CHARACTERS_MAX ? undefined : readJsonList(text)
  if (list === undefined || list.length > DETAILS_MAX) return undefined
  const details = list.map(toDetail)
  return details.every((detail) => detail !== undefined) ? details : undefined
}

const toDetail = (value: unknown): Detail | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members = Object.entries(value)
  const { type, actions }: { type?: unknown; actions?: unknown } = value
  if (typeof type !== 'string' || !isTexts(actions) || actions.length === 0) return undefined
  if (members.length > MEMBERS_MAX || !members.every(([, member]) => isValue(member))) return undefined
  return { ...Object.fromEntries(members), type, actions }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= VALUE_CHARACTERS_MAX && value.isWellFormed() && !value.includes('\0')

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= LIST_MAX && value.every(isText) && new Set(value).size === value.length

const isValue = (value: unknown): value is DetailValue =>
  isText(value) || isTexts(value) || typeof value === 'boolean' || Number.isSafeInteger(value)

/** Every text of a detail, for who must look at all of them. */
export const textsOf = (detail: Detail): readonly string[] =>
  Object.entries(detail).flatMap(([name, value]) => [
    name,
    ...(typeof value === 'string' ? [value] : typeof value === 'object' ? value : []),
  ])

/** What a detail says besides its actions, as policies look at it. */
export const factsOf = ({ actions: _, ...facts }: Detail): Readonly<Record<string, DetailValue>> => facts

/** RFC 9396 §2.2, with the kind that each has; `actions` stands apart, because it is what is decided. */
const COMMON: Readonly<Record<string, DetailField>> = {
  identifier: { kind: 'text', isRequired: false },
  locations: { kind: 'texts', isRequired: false },
  datatypes: { kind: 'texts', isRequired: false },
  privileges: { kind: 'texts', isRequired: false },
}

/** Whether the resource takes such a detail: RFC 9396 §5 has anything that its type does not know refused. */
export const isTaken = (
  detail: Detail,
  resource: {
    readonly uri: string
    readonly actions: readonly string[]
    readonly detailTypes: readonly DetailType[]
  },
): boolean => {
  const { type, actions, ...others } = detail
  const found = resource.detailTypes.find((known) => known.type === type)
  if (found === undefined || !actions.every((action) => resource.actions.includes(action))) return false
  const fields = new Map([...Object.entries(COMMON), ...Object.entries(found.fields)])
  const isWhole = [...fields].every(([name, { isRequired }]) => !isRequired || Object.hasOwn(others, name))
  return isWhole && areWithin(others, fields) && areHere(detail.locations, resource.uri)
}

const areWithin = (others: Readonly<Record<string, DetailValue>>, fields: ReadonlyMap<string, DetailField>): boolean =>
  Object.entries(others).every(([name, value]) => {
    const field = fields.get(name)
    return field !== undefined && fits(value, field)
  })

const fits = (value: DetailValue, { kind, oneOf, min, max }: DetailField): boolean => {
  const isOne = (text: string) => oneOf === undefined || oneOf.includes(text)
  if (kind === 'flag') return typeof value === 'boolean'
  if (kind === 'number') return typeof value === 'number' && value >= (min ?? value) && value <= (max ?? value)
  if (kind === 'text') return typeof value === 'string' && isOne(value)
  return typeof value === 'object' && value.every(isOne)
}

// A token is for one resource (RFC 8707): places elsewhere would be a promise that nobody keeps.
const areHere = (locations: DetailValue | undefined, uri: string): boolean =>
  locations === undefined ||
  (typeof locations === 'object' &&
    locations.every((one) => one === uri || (isPlain(one) && one.startsWith(uri.endsWith('/') ? uri : `${uri}/`))))

// Whoever looks it up may take its steps upwards, and then it is elsewhere.
const isPlain = (location: string): boolean => URL.parse(location)?.href === location

/** Whether one of what is held allows all that is wanted, so that to hand it on only narrows. */
export const isCovered = (wanted: Detail, held: readonly Detail[]): boolean =>
  held.some(
    (one) =>
      one.type === wanted.type &&
      Object.keys(one).every((name) => Object.hasOwn(wanted, name)) &&
      Object.entries(wanted).every(([name, value]) => {
        const known = Object.hasOwn(one, name) ? one[name] : undefined
        return known === undefined ? NARROWING.includes(name) : isNoMore(value, known)
      }),
  )

// RFC 9396 §2.2: where, of what kind and which thing. What another field adds its type alone knows: it may be a right.
const NARROWING: readonly string[] = ['locations', 'datatypes', 'identifier']

// Whether less of a number is less of a right its type alone knows: so it has to be the same. A list with nothing in it
// may be read as one that limits nothing.
const isNoMore = (asked: DetailValue, held: DetailValue): boolean =>
  typeof held === 'object'
    ? typeof asked === 'object' && asked.every((text) => held.includes(text)) && (asked.length > 0 || held.length === 0)
    : asked === held

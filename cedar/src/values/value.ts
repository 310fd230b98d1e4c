import type { EntityUid } from '../entity-uid.ts'
import type { Long } from './long.ts'

/** A value while it is worked with: JavaScript's own where there is one, else an object that says its kind. */
export type Value = boolean | Long | string | EntityValue | SetValue | RecordValue | ExtensionValue

/** The name of an entity, with its key. */
export interface EntityValue extends EntityUid {
  readonly kind: 'entity'
  /** Different for different entities; see `entityKey`. */
  readonly key: string
}

/** A set; what it lists twice counts once. */
export interface SetValue {
  readonly kind: 'set'
  readonly items: readonly Value[]
  /** What a large set holds, for finding without looking at each; made when first asked. */
  index?: { readonly plain: ReadonlySet<Value>; readonly complex: ReadonlySet<string> }
}

/**
 * Named values: a list of names, which those of one shape may share, and beside each name its value. The first values are in
 * the object itself, so that one access to memory finds them; the others are in `more`.
 */
export interface Fields {
  readonly names: readonly string[]
  readonly at0: Value | undefined
  readonly at1: Value | undefined
  readonly at2: Value | undefined
  readonly at3: Value | undefined
  readonly at4: Value | undefined
  readonly at5: Value | undefined
  readonly at6: Value | undefined
  readonly at7: Value | undefined
  readonly more: readonly Value[] | undefined
}

/** A record. */
export interface RecordValue extends Fields {
  readonly kind: 'record'
}

/** A value of an extension type. */
export type ExtensionValue =
  | { readonly kind: 'decimal'; readonly tenThousandths: Long }
  | { readonly kind: 'datetime'; readonly milliseconds: Long }
  | { readonly kind: 'duration'; readonly milliseconds: Long }
  | AddressRange

/** An address or a range of addresses; one of version 6 is a bigint. */
export type AddressRange =
  | { readonly kind: 'ip'; readonly version: 4; readonly address: number; readonly prefixBits: number }
  | { readonly kind: 'ip'; readonly version: 6; readonly address: bigint; readonly prefixBits: number }

/** Why an expression has no value. */
export interface Failure {
  readonly kind: 'failure'
  readonly message: string
}

/** What an expression comes to. */
export type Result = Value | Failure

/** Makes a failure; done once for each place in a policy, not for each decision. */
export const failure = (message: string): Failure => ({ kind: 'failure', message })

/** Whether an expression has no value. */
export const isFailure = (result: Result): result is Failure => typeof result === 'object' && result.kind === 'failure'

/**
 * The key of an entity.
 *
 * INVARIANT: injective, because the name of a type never holds a quotation mark. Joined, because what is concatenated stays
 * a rope of two strings, which is slow to compare.
 */
const entityKey = (type: string, id: string): string => [type, id].join('"')

/** What the key of an entity was made of. */
export const splitKey = (key: string): EntityUid => {
  const quote = key.indexOf('"')
  return { type: key.slice(0, quote), id: key.slice(quote + 1) }
}

/** The name of an entity as a value. */
export const entityValue = (uid: EntityUid): EntityValue => {
  const { type, id } = uid
  return { kind: 'entity', type, id, key: entityKey(type, id) }
}

/** Makes a record of names and their values. */
export const recordValue = (names: readonly string[], values: readonly Value[]): RecordValue => ({
  kind: 'record',
  names,
  at0: values[0],
  at1: values[1],
  at2: values[2],
  at3: values[3],
  at4: values[4],
  at5: values[5],
  at6: values[6],
  at7: values[7],
  more: values.length > SLOTS ? values.slice(SLOTS) : undefined,
})

/** The value that belongs to the name at a place of a record; undefined beside the record. */
export const valueAt = (record: Fields, place: number): Value | undefined => {
  switch (place) {
    case 0:
      return record.at0
    case 1:
      return record.at1
    case 2:
      return record.at2
    case 3:
      return record.at3
    case 4:
      return record.at4
    case 5:
      return record.at5
    case 6:
      return record.at6
    case 7:
      return record.at7
    default:
      return place < 0 ? undefined : record.more?.[place - SLOTS]
  }
}

const SLOTS = 8

/** Where a name stands in a record's list of names, or -1. */
export const placeOf = (names: readonly string[], name: string): number => {
  if (names.length <= LIST_MAX) return names.indexOf(name)
  let places = placesOfLong.get(names)
  if (!places) {
    places = new Map(names.map((one, at) => [one, at]))
    placesOfLong.set(names, places)
  }
  return places.get(name) ?? -1
}

// Up to this many, looking at each is quicker than hashing.
const LIST_MAX = 24
const placesOfLong = new WeakMap<readonly string[], Map<string, number>>()

import { EXTENSION_FUNCTIONS } from './extension.ts'
import { longOf } from './long.ts'
import { readUid } from './read-uid.ts'
import {
  entityValue,
  type Failure,
  failure,
  isFailure,
  type RecordValue,
  type Result,
  recordValue,
  type Value,
} from './value.ts'

/** Gives records of one shape one list of names, so that their fields are found once for all of them. */
export type Shapes = (names: readonly string[]) => readonly string[]

/** Reads a value in the official JSON form, or says what is wrong with it; never throws. */
export const readValue = (written: unknown, shapes: Shapes = asTheyAre, depth = 0): Result => {
  switch (typeof written) {
    case 'string':
      return written.isWellFormed() ? written : ILL_FORMED
    case 'boolean':
      return written
    case 'number':
      return Number.isSafeInteger(written) ? written + 0 : INEXACT
    case 'bigint':
      return longOf(written) ?? INEXACT
    case 'object':
      return written === null ? NO_VALUE : readObject(written, shapes, depth)
    default:
      return NO_VALUE
  }
}

/** Reads named values, as of a context or of an entity, where no name has a special meaning. */
export const readRecord = (written: object, shapes: Shapes = asTheyAre, depth = 0): RecordValue | Failure => {
  if (depth > DEPTH_MAX) return TOO_DEEP
  if (!isPlain(written)) return NO_VALUE
  const names: string[] = []
  const values: Value[] = []
  for (const name of Object.keys(written)) {
    const field = written[name]
    // An absent optional field may be written as undefined.
    if (field === undefined) continue
    if (!name.isWellFormed()) return ILL_FORMED
    const value = readValue(field, shapes, depth + 1)
    if (isFailure(value)) return value
    names.push(name)
    values.push(value)
  }
  return recordValue(shapes(names), values)
}

/** Whether something is an object as JSON has them. */
export const isPlain = (written: unknown): written is Readonly<Record<string, unknown>> => {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return false
  const prototype: unknown = Object.getPrototypeOf(written)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

const asTheyAre: Shapes = (names) => names
const DEPTH_MAX = 64
const INEXACT = failure('a number is not whole, or not exact: write one beyond 2^53 as a bigint, of 64 bits at most')
const ILL_FORMED = failure('a text is not valid Unicode')
const NO_VALUE = failure('a value is null or of a kind that policies do not know')
const TOO_DEEP = failure(`a value is nested deeper than ${DEPTH_MAX} levels`)

const readObject = (written: object, shapes: Shapes, depth: number): Result => {
  if (depth > DEPTH_MAX) return TOO_DEEP
  if (Array.isArray(written)) return readSet(written, shapes, depth)
  return readEscape(written, shapes, depth) ?? readRecord(written, shapes, depth)
}

const readSet = (written: readonly unknown[], shapes: Shapes, depth: number): Result => {
  const items: Value[] = []
  // By place: a list with holes has fewer items than places, and a hole is no value.
  for (let at = 0; at < written.length; at++) {
    const item = readValue(written[at], shapes, depth + 1)
    if (isFailure(item)) return item
    items.push(item)
  }
  return { kind: 'set', items }
}

const readEscape = (written: object, shapes: Shapes, depth: number): Result | undefined => {
  // Asking for a known name is much quicker than asking who owns it, and most objects have none of these.
  if (!('__extn' in written || '__entity' in written || '__expr' in written)) return undefined
  if (Object.hasOwn(written, '__expr') && typeof Reflect.get(written, '__expr') === 'string') return NO_EXPRESSIONS
  if (Object.hasOwn(written, '__entity')) {
    const uid = readUid(written)
    if (typeof uid === 'string') return failure(uid)
    if (uid) return entityValue(uid)
  }
  return Object.hasOwn(written, '__extn') ? readCall(Reflect.get(written, '__extn'), shapes, depth) : undefined
}

const NO_EXPRESSIONS = failure('the escape __expr is not supported')

const readCall = (call: unknown, shapes: Shapes, depth: number): Result | undefined => {
  if (!isPlain(call)) return undefined
  const { fn: name, arg: single, args: several } = call
  if (typeof name !== 'string') return undefined
  const found = EXTENSION_FUNCTIONS.get(name)
  if (typeof single === 'string' && found?.arguments === 1)
    return single.isWellFormed() ? found.call(single, single) : ILL_FORMED
  const given = single !== undefined ? [single] : several
  if (!Array.isArray(given)) return undefined
  if (!found) return failure('a value calls a function that does not exist')
  if (given.length !== found.arguments)
    return failure(`${name} takes ${found.arguments} arguments, not ${given.length}`)
  const first = readValue(given[0], shapes, depth + 1)
  if (isFailure(first)) return first
  const second = given.length > 1 ? readValue(given[1], shapes, depth + 1) : first
  return isFailure(second) ? second : found.call(first, second)
}

import { EXTENSION_FUNCTIONS } from './extension.ts'
import { longOf } from './long.ts'
import { readUid } from './read-uid.ts'
import type { Shapes } from './shapes.ts'
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
import { isWellFormed } from './well-formed.ts'

/** Reads a value in the official JSON form, or says what is wrong with it; never throws. */
export const readValue = (written: unknown, shapes: Shapes = asTheyAre, depth = 0): Result => {
  switch (typeof written) {
    case 'string':
      return isWellFormed(written) ? written : ILL_FORMED
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
  const keys = Object.keys(written)
  return readRecent(written, keys, shapes, depth) ?? readFields(written, keys, shapes, depth)
}

type Plain = Readonly<Record<string, unknown>>

const readFields = (written: Plain, keys: readonly string[], shapes: Shapes, depth: number): RecordValue | Failure => {
  const names: string[] = []
  const values: Value[] = []
  for (const name of keys) {
    const field = written[name]
    // An absent optional field may be written as undefined.
    if (field === undefined) continue
    if (!isWellFormed(name)) return ILL_FORMED
    const value = readValue(field, shapes, depth + 1)
    if (isFailure(value)) return value
    names.push(name)
    values.push(value)
  }
  // What has one of these names is looked at first, and so is of no shape.
  return recordValue(names.some((name) => ESCAPES.has(name)) ? names : shapes.listed(names), values)
}

/** Reads a record whose names were looked at before; undefined where they were not, or one of them is absent after all. */
const readRecent = (
  written: Plain,
  keys: readonly string[],
  shapes: Shapes,
  depth: number,
): RecordValue | Failure | undefined => {
  const names = shapes.recent(keys)
  if (names === undefined) return undefined
  const values: Value[] = new Array<Value>(names.length)
  for (let at = 0; at < names.length; at++) {
    const field = written[names[at] ?? '']
    if (field === undefined) return undefined
    const value = readValue(field, shapes, depth + 1)
    if (isFailure(value)) return value
    values[at] = value
  }
  return recordValue(names, values)
}

/** Whether something is an object as JSON has them. */
export const isPlain = (written: unknown): written is Plain => {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return false
  // Asked first because it is quick: of what is from JSON only a field of this name says something else.
  if (written.constructor === Object) return true
  const prototype: unknown = Object.getPrototypeOf(written)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const asTheyAre: Shapes = { recent: () => undefined, listed: (names) => names }
const ESCAPES: ReadonlySet<string> = new Set(['__expr', '__entity', '__extn'])
const DEPTH_MAX = 64
const INEXACT = failure('a number is not whole, or not exact: write one beyond 2^53 as a bigint, of 64 bits at most')
const ILL_FORMED = failure('a text is not valid Unicode')
const NO_VALUE = failure('a value is null or of a kind that policies do not know')
const TOO_DEEP = failure(`a value is nested deeper than ${DEPTH_MAX} levels`)

const readObject = (written: object, shapes: Shapes, depth: number): Result => {
  if (depth > DEPTH_MAX) return TOO_DEEP
  if (Array.isArray(written)) return readSet(written, shapes, depth)
  if (!isPlain(written)) return readEscape(written, shapes, depth) ?? NO_VALUE
  // Most objects are a call and nothing else, or a record of a known shape.
  if (written.__extn !== undefined && !('__entity' in written || '__expr' in written)) {
    const called = readCall(written.__extn, shapes, depth)
    if (called !== undefined) return called
  }
  const keys = Object.keys(written)
  return (
    readRecent(written, keys, shapes, depth) ??
    readEscape(written, shapes, depth) ??
    readFields(written, keys, shapes, depth)
  )
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
  // What is not valid Unicode is no text that any of them reads.
  if (typeof single === 'string' && found?.arguments === 1) return found.call(single, single)
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

import { readDatetime } from './datetime.ts'
import { readDecimal } from './decimal.ts'
import { readDuration } from './duration.ts'
import { isInRange, isLoopback, isMulticast, readAddress } from './ip-address.ts'
import { type Long, minus, plus, quotient, remainder } from './long.ts'
import { type ExtensionValue, type Failure, failure, type Result, type Value } from './value.ts'

/** A function or method of the extension types; it is given as many values as it takes. */
export interface ExtensionFunction {
  readonly arguments: number
  call(first: Value, second: Value): Result
}

type Kind = ExtensionValue['kind']
type Of<K extends Kind> = Extract<ExtensionValue, { kind: K }>

const expected = (what: string): Failure => failure(`type error: expected ${what}`)
const NOT_STRING = expected('a string')
const NOT: Record<Kind, Failure> = {
  decimal: expected('a decimal'),
  ip: expected('an ip address'),
  datetime: expected('a datetime'),
  duration: expected('a duration'),
}
const OVERFLOW = failure('the result does not fit into 64 bits')

const is = <K extends Kind>(kind: K, value: Value): value is Of<K> => typeof value === 'object' && value.kind === kind

const constructed = (what: Kind, read: (text: string) => ExtensionValue | undefined): ExtensionFunction => {
  const malformed = failure(`the text is not a proper ${what}`)
  // A moment and an address are those of many requests after each other, and values never change.
  let last = ''
  let result: Result = read(last) ?? malformed
  return {
    arguments: 1,
    call(text) {
      if (typeof text !== 'string') return NOT_STRING
      if (last !== text) {
        last = text
        result = read(text) ?? malformed
      }
      return result
    },
  }
}

const method = <K extends Kind>(kind: K, call: (on: Of<K>) => Result): ExtensionFunction => ({
  arguments: 1,
  call: (on) => (is(kind, on) ? call(on) : NOT[kind]),
})

const method2 = <K extends Kind, L extends Kind>(
  kind: K,
  other: L,
  call: (on: Of<K>, given: Of<L>) => Result,
): ExtensionFunction => ({
  arguments: 2,
  call(on, given) {
    if (!is(kind, on)) return NOT[kind]
    return is(other, given) ? call(on, given) : NOT[other]
  },
})

const compared = (holds: (one: Long, other: Long) => boolean): ExtensionFunction =>
  method2('decimal', 'decimal', (one, other) => holds(one.tenThousandths, other.tenThousandths))

const inUnits = (milliseconds: number): ExtensionFunction =>
  method('duration', (on) => quotient(on.milliseconds, milliseconds))

const datetime = (milliseconds: Long | undefined): Result =>
  milliseconds === undefined ? OVERFLOW : { kind: 'datetime', milliseconds }
const duration = (milliseconds: Long | undefined): Result =>
  milliseconds === undefined ? OVERFLOW : { kind: 'duration', milliseconds }

const DAY = 86_400_000
const UNKNOWN = failure('the expression has an unknown in it')

/** The functions of the extension types by their names. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map<string, ExtensionFunction>([
  ['decimal', constructed('decimal', readDecimal)],
  ['lessThan', compared((one, other) => one < other)],
  ['lessThanOrEqual', compared((one, other) => one <= other)],
  ['greaterThan', compared((one, other) => one > other)],
  ['greaterThanOrEqual', compared((one, other) => one >= other)],
  ['ip', constructed('ip', readAddress)],
  ['isIpv4', method('ip', (on) => on.version === 4)],
  ['isIpv6', method('ip', (on) => on.version === 6)],
  ['isLoopback', method('ip', isLoopback)],
  ['isMulticast', method('ip', isMulticast)],
  ['isInRange', method2('ip', 'ip', isInRange)],
  ['datetime', constructed('datetime', readDatetime)],
  ['offset', method2('datetime', 'duration', (on, by) => datetime(plus(on.milliseconds, by.milliseconds)))],
  [
    'durationSince',
    method2('datetime', 'datetime', (on, since) => duration(minus(on.milliseconds, since.milliseconds))),
  ],
  ['toDate', method('datetime', ({ milliseconds }) => datetime(minus(milliseconds, remainder(milliseconds, DAY))))],
  ['toTime', method('datetime', (on) => duration(remainder(on.milliseconds, DAY)))],
  ['duration', constructed('duration', readDuration)],
  ['toMilliseconds', inUnits(1)],
  ['toSeconds', inUnits(1_000)],
  ['toMinutes', inUnits(60_000)],
  ['toHours', inUnits(3_600_000)],
  ['toDays', inUnits(DAY)],
  // The official engine keeps it for partial evaluation; in a decision it has no value.
  ['unknown', { arguments: 1, call: (name) => (typeof name === 'string' ? UNKNOWN : NOT_STRING) }],
])

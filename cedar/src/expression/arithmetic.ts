import { type Long, minus, plus, times } from '../values/long.ts'
import { failure, isFailure, type Result } from '../values/value.ts'
import { type Compiled, folded } from './compiled.ts'

const NOT_LONG = failure('type error: expected a long')
const NOT_ORDERED = failure('type error: expected two longs, two datetimes or two durations')
const OVERFLOW = failure('integer overflow')

/** A calculation with two longs. */
const calculated =
  (calculate: (left: Long, right: Long) => Long | undefined) =>
  (left: Compiled, right: Compiled): Compiled => {
    const [first, second] = [left.run, right.run]
    return folded([left, right], (at) => {
      const one = first(at)
      const other = second(at)
      if (isLong(one) && isLong(other)) return calculate(one, other) ?? OVERFLOW
      return firstFailure(one, other) ?? NOT_LONG
    })
  }

/** The sum. */
export const sum = calculated(plus)
/** The difference. */
export const difference = calculated(minus)
/** The product. */
export const product = calculated(times)

/** The number with the other sign. */
export const negative = (operand: Compiled): Compiled =>
  folded([operand], (at) => {
    const value = operand.run(at)
    if (isLong(value)) return minus(0, value) ?? OVERFLOW
    return isFailure(value) ? value : NOT_LONG
  })

/** Whether the left is less than the right, or, if asked, equal to it; swapped and turned for the other two. */
export const less = (left: Compiled, right: Compiled, orEqual: boolean, expected: boolean): Compiled => {
  const [first, second] = [left.run, right.run]
  return folded([left, right], (at) => {
    const one = first(at)
    const other = second(at)
    if (isLong(one) && isLong(other)) return (orEqual ? one <= other : one < other) === expected
    if (!isMeasure(one) || !isMeasure(other) || one.kind !== other.kind) return firstFailure(one, other) ?? NOT_ORDERED
    const [low, high] = [one.milliseconds, other.milliseconds]
    return (orEqual ? low <= high : low < high) === expected
  })
}

const isLong = (result: Result): result is Long => typeof result === 'number' || typeof result === 'bigint'

// Of the extension types, these two have an order.
const isMeasure = (result: Result): result is Extract<Result, { kind: 'datetime' | 'duration' }> =>
  typeof result === 'object' && (result.kind === 'datetime' || result.kind === 'duration')

const firstFailure = (one: Result, other: Result): Result | undefined =>
  isFailure(one) ? one : isFailure(other) ? other : undefined

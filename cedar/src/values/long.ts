/**
 * A whole number of 64 bits.
 *
 * INVARIANT: one number has one form: a JavaScript number where that is exact, else a bigint. So `===` compares longs.
 */
export type Long = number | bigint

/** The number in its one form; undefined when it does not fit into 64 bits. */
export const longOf = (exact: bigint): Long | undefined => {
  if (exact < MIN || exact > MAX) return undefined
  return exact >= SAFE_MIN && exact <= SAFE_MAX ? Number(exact) : exact
}

/** A number written in decimal digits with an optional minus; undefined when it does not fit. */
export const longFromDigits = (digits: string): Long | undefined =>
  digits.length < 16 ? Number(digits) + 0 : longOf(BigInt(digits))

// The sum or product of two exact numbers is either exact itself or rounded to something that is not safe.
/** The sum, or undefined on overflow. */
export const plus = (left: Long, right: Long): Long | undefined => {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return sum
  }
  return longOf(BigInt(left) + BigInt(right))
}

/** The difference, or undefined on overflow. */
export const minus = (left: Long, right: Long): Long | undefined => {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right
    if (Number.isSafeInteger(difference)) return difference
  }
  return longOf(BigInt(left) - BigInt(right))
}

/** The product, or undefined on overflow; zero has no sign. */
export const times = (left: Long, right: Long): Long | undefined => {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right
    if (Number.isSafeInteger(product)) return product + 0
  }
  return longOf(BigInt(left) * BigInt(right))
}

/** The quotient rounded towards zero. */
export const quotient = (of: Long, by: number): Long =>
  typeof of === 'number' ? Math.trunc(of / by) + 0 : (longOf(of / BigInt(by)) ?? 0)

/** The remainder that is never negative. */
export const remainder = (of: Long, by: number): number => {
  const rest = typeof of === 'number' ? of % by : Number(of % BigInt(by))
  return rest < 0 ? rest + by : rest + 0
}

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
const SAFE_MIN = BigInt(Number.MIN_SAFE_INTEGER)
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)

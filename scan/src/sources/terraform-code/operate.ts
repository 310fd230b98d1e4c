import { isKnown, isWholeUnknown } from './known.ts'

/** What an operator makes of its operands; nothing where only a run would tell. */
export const operate = (operator: string, operands: readonly unknown[]): boolean | number | undefined => {
  const [left, right] = operands
  if (operator === '&&' || operator === '||') return decided(operator, left, right)
  if (operator === '!') return typeof truth(left) === 'boolean' ? !truth(left) : undefined
  if (operator === '==' || operator === '!=') {
    const same = isSame(left, right)
    return same === undefined ? undefined : same === (operator === '==')
  }
  const a = numberIn(left)
  const b = numberIn(right)
  if (a === undefined) return undefined
  if (operands.length === 1) return operator === '-' ? -a : undefined
  return b === undefined ? undefined : SUMS.get(operator)?.(a, b)
}

const SUMS = new Map<string, (a: number, b: number) => boolean | number | undefined>([
  ['<', (a, b) => a < b],
  ['>', (a, b) => a > b],
  ['<=', (a, b) => a <= b],
  ['>=', (a, b) => a >= b],
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => (b === 0 ? undefined : a / b)],
  ['%', (a, b) => (b === 0 ? undefined : a % b)],
])

// One side may decide by itself.
const decided = (operator: '&&' | '||', left: unknown, right: unknown): boolean | undefined => {
  const decisive = operator === '||'
  const sides = [truth(left), truth(right)]
  if (sides.includes(decisive)) return decisive
  return sides.includes(undefined) ? undefined : !decisive
}

const truth = (value: unknown): boolean | undefined =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined

const numberIn = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

// A number is the text of itself where somebody asked for a text; what is a list or a map is not nothing.
const isSame = (left: unknown, right: unknown): boolean | undefined => {
  if (isKnown(left) && isKnown(right))
    return left === null || right === null ? left === right : String(left) === String(right)
  // A text of which a part is known is not nothing.
  const isText = (value: unknown): boolean => typeof value === 'string' && !isKnown(value) && !isWholeUnknown(value)
  const isNothing = (value: unknown): boolean => value === null || value === ''
  if ((isNothing(left) && isText(right)) || (isNothing(right) && isText(left))) return false
  const isPart = (value: unknown): boolean => typeof value === 'object' && value !== null
  return (left === null && isPart(right)) || (right === null && isPart(left)) ? false : undefined
}

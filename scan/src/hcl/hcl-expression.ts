import { HclError, type HclLoop, type HclValue } from './hcl-body.ts'
import { type HclCursor, here, readName, skip, startsWith, takes, textSince } from './hcl-cursor.ts'

/** How deep values may lie in each other. */
export const DEPTH_MAX = 64

/** Reads one term: what has no operator around it. */
export type ReadTerm = (cursor: HclCursor, depth: number) => HclValue | undefined

/** Reads terms with the operators between them; nothing where they are not understood. It may stop before the end. */
export const readExpression = (
  cursor: HclCursor,
  depth: number,
  overLines: boolean,
  readTerm: ReadTerm,
): HclValue | undefined => {
  cursor.budget.valuesLeft -= 1
  if (depth > DEPTH_MAX) throw new HclError(cursor.at, 'nested too deeply')
  if (cursor.budget.valuesLeft < 0) throw new HclError(cursor.at, 'too many values')
  skip(cursor, overLines)
  const start = cursor.at
  const of = readOperation(cursor, { depth, overLines, readTerm }, 0)
  skip(cursor, overLines)
  if (of === undefined || !takes(cursor, '?')) return of
  const yes = readExpression(cursor, depth + 1, overLines, readTerm)
  skip(cursor, overLines)
  if (yes === undefined || !takes(cursor, ':')) return undefined
  const no = readExpression(cursor, depth + 1, overLines, readTerm)
  return no && { is: 'choice', of, yes, no, text: textSince(cursor, start) }
}

/** Reads what stands behind `for` in brackets, up to the bracket that ends it. */
export const readLoopParts = (
  cursor: HclCursor,
  isObject: boolean,
  depth: number,
  readTerm: ReadTerm,
): Omit<HclLoop, 'text'> | undefined => {
  const next = (): HclValue | undefined => {
    const value = readExpression(cursor, depth + 1, true, readTerm)
    skip(cursor, true)
    return value
  }
  skip(cursor, true)
  takes(cursor, 'for')
  skip(cursor, true)
  const names = [readName(cursor)]
  skip(cursor, true)
  if (takes(cursor, ',')) {
    skip(cursor, true)
    names.push(readName(cursor))
    skip(cursor, true)
  }
  if (names.includes('') || readName(cursor) !== 'in') return undefined
  const over = next()
  if (over === undefined || !takes(cursor, ':')) return undefined
  const first = next()
  const second = isObject && takes(cursor, '=>') ? next() : undefined
  const isGrouped = takes(cursor, '...')
  skip(cursor, true)
  const isConditional = takes(cursor, 'if')
  const condition = isConditional ? next() : undefined
  const [key, value] = isObject ? [first, second] : [undefined, first]
  if (value === undefined || (isObject && key === undefined) || (isConditional && condition === undefined))
    return undefined
  return { is: 'loop', names, over, key, value, condition, isGrouped }
}

interface Around {
  readonly depth: number
  readonly overLines: boolean
  readonly readTerm: ReadTerm
}

const readOperation = (cursor: HclCursor, around: Around, bindsFrom: number): HclValue | undefined => {
  const start = cursor.at
  let left = readOperand(cursor, around)
  for (;;) {
    skip(cursor, around.overLines)
    const operator = left && operatorHere(cursor)
    const binds = operator === undefined ? -1 : (BINDS.get(operator) ?? -1)
    if (left === undefined || operator === undefined || binds < bindsFrom) return left
    cursor.at += operator.length
    cursor.budget.valuesLeft -= 1
    skip(cursor, around.overLines)
    const right = readOperation(cursor, around, binds + 1)
    left = right && { is: 'operation', operator, operands: [left, right], text: textSince(cursor, start) }
  }
}

const readOperand = (cursor: HclCursor, around: Around): HclValue | undefined => {
  const { depth, overLines, readTerm } = around
  const sign = here(cursor)
  if (sign !== '!' && sign !== '-') return readTerm(cursor, depth)
  if (depth > DEPTH_MAX) throw new HclError(cursor.at, 'nested too deeply')
  const start = cursor.at
  cursor.at += 1
  skip(cursor, overLines)
  const operand = readOperand(cursor, { ...around, depth: depth + 1 })
  if (sign === '-' && operand?.is === 'literal' && typeof operand.value === 'number')
    return { is: 'literal', value: -operand.value }
  return operand && { is: 'operation', operator: sign, operands: [operand], text: textSince(cursor, start) }
}

// Two characters before one, so that `<=` is not `<`; `=>` and `...` are none.
const operatorHere = (cursor: HclCursor): string | undefined =>
  OPERATORS.find((operator) => startsWith(cursor, operator))

const OPERATORS = ['||', '&&', '==', '!=', '<=', '>=', '<', '>', '+', '-', '*', '/', '%']
const BINDS = new Map([
  ['||', 0],
  ['&&', 1],
  ['==', 2],
  ['!=', 2],
  ['<=', 3],
  ['>=', 3],
  ['<', 3],
  ['>', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
])

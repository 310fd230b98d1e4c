import { type EntityUid, uidText } from '../entity-uid.ts'
import type { EstExpression } from '../policy-est.ts'
import { readDatetime } from '../values/datetime.ts'
import { readDuration } from '../values/duration.ts'
import { type PatternPart, piecesOf } from '../values/like-pattern.ts'
import { fieldsOf, type Literal, partOf, textOf } from './literal.ts'

/** What a literal says of one term: an expression whose value only the request tells. */
export type Fact =
  | { readonly says: 'oneOf' | 'noneOf'; readonly of: string; readonly values: readonly Constant[] }
  | { readonly says: 'from' | 'to'; readonly of: string; readonly bound: number }
  | { readonly says: 'isType' | 'isNoType'; readonly of: string; readonly type: string }
  | { readonly says: 'isIn' | 'isNotIn'; readonly of: string; readonly group: EntityUid }
  | { readonly says: 'like' | 'unlike'; readonly of: string; readonly pieces: readonly string[] }

/** A value that stands in the policy; equal ones have one key. */
export interface Constant {
  readonly key: string
  readonly text?: string
  readonly order?: number
  readonly uid?: EntityUid
}

/** What a literal says of a term; undefined where it says something else, or of more than one term. */
export const factOf = ({ body, isWanted }: Literal): Fact | undefined => {
  const [operator = '', operand] = Object.entries(body)[0] ?? []
  if (isTerm(body)) return { says: 'oneOf', of: textOf(body), values: [{ key: String(isWanted) }] }
  const [left, right] = [partOf(operand, 'left'), partOf(operand, 'right')]
  if (operator === '==') return equality(left, right, isWanted) ?? equality(right, left, isWanted)
  if (operator in MIRRORED) return order(operator, left, right, isWanted)
  if (operator === 'contains') return listed(left, right, isWanted)
  return isTerm(left) ? ofTerm(operator, operand, textOf(left), isWanted) : undefined
}

const listed = (list: EstExpression, term: EstExpression, isWanted: boolean): Fact | undefined => {
  if (!Array.isArray(list.Set) || !isTerm(term)) return undefined
  const values = list.Set.map(constantOf).filter((one) => one !== undefined)
  // What has to be worked out may be any value.
  if (values.length < list.Set.length) return undefined
  return { says: isWanted ? 'oneOf' : 'noneOf', of: textOf(term), values }
}

const ofTerm = (operator: string, operand: unknown, of: string, isWanted: boolean): Fact | undefined => {
  const { entity_type: type, pattern } = fieldsOf(operand)
  if (operator === 'is' && typeof type === 'string') return { says: isWanted ? 'isType' : 'isNoType', of, type }
  if (operator === 'like' && Array.isArray(pattern))
    return { says: isWanted ? 'like' : 'unlike', of, pieces: piecesOf(partsOf(pattern)) }
  const group = operator === 'in' ? constantOf(partOf(operand, 'right'))?.uid : undefined
  return group && { says: isWanted ? 'isIn' : 'isNotIn', of, group }
}

/** Whether an expression is a variable, or a field or tag below one: what only the request tells. */
const isTerm = (expression: EstExpression): boolean => {
  if (expression.Var !== undefined) return true
  const fields = fieldsOf(expression['.'])
  return fields.left !== undefined && isTerm(partOf(expression['.'], 'left'))
}

/** A value that stands in the policy; undefined where it has to be worked out. */
const constantOf = (expression: unknown): Constant | undefined => {
  const fields = fieldsOf(expression)
  const value = fields.Value
  if (typeof value === 'string') return { key: textOf(value), text: value }
  if (typeof value === 'boolean') return { key: String(value) }
  if (typeof value === 'number') return { key: String(value), order: value }
  const { type, id } = fieldsOf(fieldsOf(value).__entity)
  if (typeof type === 'string' && typeof id === 'string') {
    const uid = { type, id }
    return { key: uidText(uid), uid }
  }
  return momentOf('datetime', fields.datetime, readDatetime) ?? momentOf('duration', fields.duration, readDuration)
}

const momentOf = (kind: string, operand: unknown, read: (text: string) => object | undefined): Constant | undefined => {
  const text = Array.isArray(operand) ? fieldsOf(operand[0]).Value : undefined
  const milliseconds = typeof text === 'string' ? fieldsOf(read(text)).milliseconds : undefined
  const order = typeof milliseconds === 'bigint' ? Number(milliseconds) : milliseconds
  return typeof order === 'number' && Number.isSafeInteger(order) ? { key: `${kind} ${order}`, order } : undefined
}

const equality = (term: EstExpression, value: EstExpression, isWanted: boolean): Fact | undefined => {
  const constant = isTerm(term) ? constantOf(value) : undefined
  if (constant === undefined) return undefined
  // A boolean has but one other value.
  if (constant.key === 'true' || constant.key === 'false')
    return { says: 'oneOf', of: textOf(term), values: [{ key: String((constant.key === 'true') === isWanted) }] }
  return { says: isWanted ? 'oneOf' : 'noneOf', of: textOf(term), values: [constant] }
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const NEGATED: Readonly<Record<string, string>> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' }

// All that has an order in Cedar is whole: numbers, and moments and durations in milliseconds.
const order = (asked: string, left: EstExpression, right: EstExpression, isWanted: boolean): Fact | undefined => {
  const isTermLeft = isTerm(left)
  const [term, value] = isTermLeft ? [left, right] : [right, left]
  const bound = constantOf(value)?.order
  if (bound === undefined || !isTerm(term) || !Number.isSafeInteger(bound)) return undefined
  const straight = isTermLeft ? asked : (MIRRORED[asked] ?? '')
  const operator = isWanted ? straight : (NEGATED[straight] ?? '')
  const of = textOf(term)
  if (operator === '<') return { says: 'to', of, bound: bound - 1 }
  if (operator === '<=') return { says: 'to', of, bound }
  return { says: 'from', of, bound: operator === '>' ? bound + 1 : bound }
}

const partsOf = (pattern: readonly unknown[]): readonly PatternPart[] =>
  pattern.map((part) => (part === 'Wildcard' ? part : { Literal: String(fieldsOf(part).Literal) }))

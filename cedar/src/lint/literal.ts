import type { EntityConstraint, EstExpression, EstUid, PolicyEst } from '../policy-est.ts'
import type { CedarValue } from '../request.ts'

/** One thing that a policy asks, and whether it must be so or must not. */
export interface Literal {
  readonly body: EstExpression
  readonly isWanted: boolean
}

/** Things that hold together. */
export type Conjunction = readonly Literal[]

/** A policy's head and conditions as one expression. */
export const wholeOf = (est: PolicyEst): EstExpression => {
  const { principal, action, resource, conditions } = est
  const parts = [
    ...headParts('principal', principal),
    ...('entities' in action ? anyOf('action', action.entities) : headParts('action', action)),
    ...headParts('resource', resource),
    ...conditions.map(({ kind, body }) => (kind === 'when' ? body : { '!': { arg: body } })),
  ]
  return parts.reduceRight<EstExpression | undefined>((right, left) => join('&&', left, right), undefined) ?? TRUE
}

/**
 * The ways in which an expression comes out as wanted: one of them holds. Undefined where they are too many to look at.
 * INVARIANT: whenever it comes out so without failing, everything in at least one of them is as that says.
 */
export const waysOf = (expression: EstExpression, isWanted: boolean): readonly Conjunction[] | undefined => {
  const [operator = '', operand] = Object.entries(expression)[0] ?? []
  if (operator === '!') return waysOf(partOf(operand, 'arg'), !isWanted)
  if (operator === '&&' || operator === '||') {
    const [left, right] = [waysOf(partOf(operand, 'left'), isWanted), waysOf(partOf(operand, 'right'), isWanted)]
    return (operator === '&&') === isWanted ? together(left, right) : either(left, right)
  }
  if (operator === 'if-then-else') {
    const test = partOf(operand, 'if')
    return either(
      together(waysOf(test, true), waysOf(partOf(operand, 'then'), isWanted)),
      together(waysOf(test, false), waysOf(partOf(operand, 'else'), isWanted)),
    )
  }
  const parts = unfolded(operator, operand)
  return parts === undefined ? [[{ body: expression, isWanted }]] : waysOf(parts, isWanted)
}

/** A part of an operator's operand, as an expression. */
export const partOf = (operand: unknown, name: string): EstExpression => {
  const part = fieldsOf(operand)[name]
  return typeof part === 'object' && part !== null ? { ...part } : {}
}

/** The fields of a JSON object; none where it is no object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

/** The same text for the same expression, whatever numbers it holds. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? ''

/** An entity named in an expression. */
export const literalUid = (uid: EstUid): { Value: CedarValue } => ({
  Value: { __entity: '__entity' in uid ? uid.__entity : uid },
})

const WAYS_MAX = 200
const TRUE: EstExpression = { Value: true }

type Ways = readonly Conjunction[] | undefined

const either = (left: Ways, right: Ways): Ways =>
  left === undefined || right === undefined || left.length + right.length > WAYS_MAX ? undefined : [...left, ...right]

const together = (left: Ways, right: Ways): Ways =>
  left === undefined || right === undefined || left.length * right.length > WAYS_MAX
    ? undefined
    : left.flatMap((one) => right.map((other) => [...one, ...other]))

const join = (operator: '&&' | '||', left: EstExpression, right: EstExpression | undefined): EstExpression =>
  right === undefined ? left : { [operator]: { left, right } }

const headParts = (name: string, constraint: EntityConstraint): EstExpression[] => {
  const left = { Var: name }
  if (constraint.op === 'All') return []
  if (constraint.op === 'is') {
    const type = { is: { left, entity_type: constraint.entity_type } }
    return constraint.in === undefined ? [type] : [type, ...headParts(name, { op: 'in', ...constraint.in })]
  }
  // The slot of a template may be filled with anything.
  if (!('entity' in constraint)) return [{ [constraint.op]: { left, right: { Slot: constraint.slot } } }]
  return [{ [constraint.op]: { left, right: literalUid(constraint.entity) } }]
}

const anyOf = (name: string, uids: readonly EstUid[]): EstExpression[] => [
  uids
    .map((uid): EstExpression => ({ in: { left: { Var: name }, right: literalUid(uid) } }))
    .reduceRight<EstExpression | undefined>((right, left) => join('||', left, right), undefined) ?? { Value: false },
]

// Operators that say several things at once, as the several things.
const unfolded = (operator: string, operand: unknown): EstExpression | undefined => {
  const fields = fieldsOf(operand)
  const left = partOf(operand, 'left')
  if (operator === '!=') return { '!': { arg: { '==': operand } } }
  if (operator === 'is' && fields.in !== undefined)
    return join('&&', { is: { left, entity_type: fields.entity_type } }, { in: { left, right: fields.in } })
  const list = partOf(operand, 'right').Set
  if (!Array.isArray(list) || list.length === 0) return undefined
  const each = (one: string, by: '&&' | '||'): EstExpression | undefined =>
    list
      .map((right): EstExpression => ({ [one]: { left, right } }))
      .reduceRight<EstExpression | undefined>((right, of) => join(by, of, right), undefined)
  if (operator === 'in') return each('in', '||')
  if (operator === 'containsAny') return each('contains', '||')
  return operator === 'containsAll' ? each('contains', '&&') : undefined
}

import type { EstExpression } from '../policy-est.ts'
import { factOf } from './fact.ts'
import { type Conjunction, fieldsOf, type Literal, textOf } from './literal.ts'

/** Whether a way of matching says who, or what, it is about: something that a newcomer does not fit by itself. */
export const narrows = (way: Conjunction, variable: 'principal' | 'action' | 'resource'): boolean =>
  way.some((literal) => literal.isWanted && mentions(literal.body, variable) && !isOfAnything(literal))

/** Whether a way of matching names its actions one by one. */
export const namesActions = (way: Conjunction, isGroup: (uid: string) => boolean): boolean =>
  way.some((literal) => {
    const fact = factOf(literal)
    if (fact === undefined || fact.of !== ACTION) return false
    if (fact.says === 'oneOf') return true
    return fact.says === 'isIn' && !isGroup(textOf(fact.group))
  })

const ACTION = textOf({ Var: 'action' })

// A type, a pattern of nothing but wildcards and something that equals itself fit everybody.
const isOfAnything = (literal: Literal): boolean => {
  if (literal.body.is !== undefined || isSelf(literal.body)) return true
  const fact = factOf(literal)
  return fact?.says === 'like' && fact.pieces.length > 1 && fact.pieces.every((piece) => piece === '')
}

const isSelf = (body: EstExpression): boolean => {
  const { left, right } = fieldsOf(body['=='])
  return left !== undefined && textOf(left) === textOf(right)
}

const mentions = (value: unknown, variable: string): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((part) => mentions(part, variable))
  return Object.entries(value).some(
    ([name, part]) => (name === 'Var' && part === variable) || (name !== 'Value' && mentions(part, variable)),
  )
}

import type { PatternPart } from '../values/like-pattern.ts'
import { isPlain, readValue } from '../values/read-value.ts'
import { isFailure } from '../values/value.ts'
import { difference, less, negative, product, sum } from './arithmetic.ts'
import { type Compiled, constant } from './compiled.ts'
import { isIn, isOfType } from './entity-operators.ts'
import { extensionCall } from './extension-call.ts'
import { attribute, hasAttribute, hasTag, tag } from './field-operators.ts'
import { and, equal, ifThenElse, not, or } from './logic.ts'
import { contains, containsAll, containsAny, isEmpty, recordOf, setOf } from './set-operators.ts'
import { like } from './text-operators.ts'

/** A compiled expression, or in words why it is none. */
export type CompiledOrProblem = Compiled | string

/** Compiles an expression of a parsed policy; never throws, whatever it is given. */
export const compileExpression = (written: unknown, depth = 0): CompiledOrProblem => {
  if (depth > DEPTH_MAX) return `an expression is nested deeper than ${DEPTH_MAX} levels`
  if (!isPlain(written)) return 'an expression is not an object'
  const [operator, ...others] = Object.keys(written)
  if (operator === undefined || others.length > 0) return 'an expression does not have one operator'
  const operands: unknown = Reflect.get(written, operator)
  const form = FORMS.get(operator)
  if (form) return form(operands, depth + 1)
  const given = compileAll(operands, depth + 1)
  if (typeof given === 'string') return given
  return extensionCall(operator, given) ?? 'an expression calls an operator or function that does not exist'
}

// Well below what the stack of any platform holds, above what the official engine reads.
const DEPTH_MAX = 500

type Form = (operands: unknown, depth: number) => CompiledOrProblem

const field = (operands: unknown, name: string): unknown =>
  typeof operands === 'object' && operands !== null ? Reflect.get(operands, name) : undefined

const one =
  (make: (operand: Compiled) => CompiledOrProblem): Form =>
  (operands, depth) => {
    const operand = compileExpression(field(operands, 'arg'), depth)
    return typeof operand === 'string' ? operand : make(operand)
  }

const two =
  (make: (left: Compiled, right: Compiled) => CompiledOrProblem): Form =>
  (operands, depth) => {
    const left = compileExpression(field(operands, 'left'), depth)
    if (typeof left === 'string') return left
    const right = compileExpression(field(operands, 'right'), depth)
    return typeof right === 'string' ? right : make(left, right)
  }

const leftAnd =
  (make: (left: Compiled, operands: unknown, depth: number) => CompiledOrProblem): Form =>
  (operands, depth) => {
    const left = compileExpression(field(operands, 'left'), depth)
    return typeof left === 'string' ? left : make(left, operands, depth)
  }

const compileAll = (written: unknown, depth: number): Compiled[] | string => {
  if (!Array.isArray(written)) return 'an expression has operands of a wrong form'
  const compiled: Compiled[] = []
  for (let at = 0; at < written.length; at++) {
    const item = compileExpression(written[at], depth)
    if (typeof item === 'string') return item
    compiled.push(item)
  }
  return compiled
}

const literal: Form = (written) => {
  const value = readValue(written)
  return isFailure(value) ? value.message : constant(value)
}

const VARIABLES: ReadonlyMap<unknown, Compiled> = new Map<unknown, Compiled>([
  ['principal', { run: (at) => at.principal, variable: 'principal' }],
  ['action', { run: (at) => at.action, variable: 'action' }],
  ['resource', { run: (at) => at.resource, variable: 'resource' }],
  ['context', { run: (at) => at.context }],
])

const record: Form = (written, depth) => {
  if (!isPlain(written)) return 'a record has a wrong form'
  const names = Object.keys(written)
  const fields = compileAll(
    names.map((name): unknown => Reflect.get(written, name)),
    depth,
  )
  return typeof fields === 'string' ? fields : recordOf(names, fields)
}

const choice: Form = (operands, depth) => {
  const parts = compileAll([field(operands, 'if'), field(operands, 'then'), field(operands, 'else')], depth)
  if (typeof parts === 'string') return parts
  const [condition, then, otherwise] = parts
  return condition && then && otherwise ? ifThenElse(condition, then, otherwise) : 'a choice lacks a part'
}

// `a has b.c` asks for each step only when the one before is there.
const has = leftAnd((left, operands) => {
  const written = field(operands, 'attr')
  const names: unknown[] = Array.isArray(written) ? written : [written]
  let on = left
  let found: Compiled | undefined
  for (const name of names) {
    if (typeof name !== 'string') return 'has asks for something that is not a name'
    const step = hasAttribute(on, name)
    found = found ? and(found, step) : step
    on = attribute(on, name)
  }
  return found ?? 'has asks for nothing'
})

const is = leftAnd((left, operands, depth) => {
  const type = field(operands, 'entity_type')
  if (typeof type !== 'string') return 'is asks for something that is not a type'
  const within = field(operands, 'in')
  if (within === undefined || within === null) return isOfType(left, type)
  const right = compileExpression(within, depth)
  return typeof right === 'string' ? right : and(isOfType(left, type), isIn(left, right))
})

const likeForm = leftAnd((left, operands) => {
  const written = field(operands, 'pattern')
  if (!Array.isArray(written)) return 'a pattern is not a list'
  const parts: PatternPart[] = []
  for (const part of written) {
    const text = field(part, 'Literal')
    if (part === 'Wildcard') parts.push(part)
    else if (typeof text === 'string' && text.isWellFormed()) parts.push({ Literal: text })
    else return 'a pattern has a part of a wrong form'
  }
  return like(left, parts)
})

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['Value', literal],
  ['Var', (name) => VARIABLES.get(name) ?? 'an expression names a variable that does not exist'],
  ['Slot', () => 'a condition has a slot'],
  ['Set', (written, depth) => allOf(compileAll(written, depth))],
  ['Record', record],
  ['if-then-else', choice],
  ['!', one(not)],
  ['neg', one(negative)],
  ['isEmpty', one(isEmpty)],
  ['==', two(equal)],
  ['!=', two((left, right) => not(equal(left, right)))],
  ['in', two(isIn)],
  ['<', two((left, right) => less(left, right, false, true))],
  ['<=', two((left, right) => less(left, right, true, true))],
  ['>', two((left, right) => less(left, right, true, false))],
  ['>=', two((left, right) => less(left, right, false, false))],
  ['&&', two(and)],
  ['||', two(or)],
  ['+', two(sum)],
  ['-', two(difference)],
  ['*', two(product)],
  ['contains', two(contains)],
  ['containsAll', two(containsAll)],
  ['containsAny', two(containsAny)],
  ['getTag', two(tag)],
  ['hasTag', two(hasTag)],
  ['.', leftAnd((left, operands) => named(left, field(operands, 'attr')))],
  ['has', has],
  ['is', is],
  ['like', likeForm],
])

const allOf = (items: Compiled[] | string): CompiledOrProblem => (typeof items === 'string' ? items : setOf(items))
const named = (left: Compiled, name: unknown): CompiledOrProblem =>
  typeof name === 'string' ? attribute(left, name) : 'an attribute is not a name'

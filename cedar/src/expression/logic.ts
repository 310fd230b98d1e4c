import { isEqual } from '../values/equal.ts'
import { failure, isFailure, type Result } from '../values/value.ts'
import { type Compiled, constant, folded } from './compiled.ts'

const NOT_BOOLEAN = failure('type error: expected a boolean')

/** The result if it is a boolean or a failure; a failure otherwise. */
const boolean = (result: Result): Result =>
  result === true || result === false || isFailure(result) ? result : NOT_BOOLEAN

/** Both; the right side is not looked at when the left is false. */
export const and = (left: Compiled, right: Compiled): Compiled => {
  if (left.constant !== undefined) return left.constant === true ? asBoolean(right) : constant(boolean(left.constant))
  const first = left.run
  const second = right.run
  return {
    run(at) {
      const held = first(at)
      return held === true ? boolean(second(at)) : boolean(held)
    },
  }
}

/** Either; the right side is not looked at when the left is true. */
export const or = (left: Compiled, right: Compiled): Compiled => {
  if (left.constant !== undefined) return left.constant === false ? asBoolean(right) : constant(boolean(left.constant))
  const first = left.run
  const second = right.run
  return {
    run(at) {
      const held = first(at)
      return held === false ? boolean(second(at)) : boolean(held)
    },
  }
}

/** One of two, of which only that one is looked at. */
export const ifThenElse = (condition: Compiled, then: Compiled, otherwise: Compiled): Compiled => {
  const known = condition.constant === undefined ? undefined : boolean(condition.constant)
  if (known !== undefined) return known === true ? then : known === false ? otherwise : constant(known)
  const [test, yes, no] = [condition.run, then.run, otherwise.run]
  return {
    run(at) {
      const held = test(at)
      if (held === true) return yes(at)
      return held === false ? no(at) : boolean(held)
    },
  }
}

/** The opposite. */
export const not = (operand: Compiled): Compiled =>
  folded([operand], (at) => {
    const held = operand.run(at)
    return held === true ? false : held === false ? true : boolean(held)
  })

/** Whether both are the same value. */
export const equal = (left: Compiled, right: Compiled): Compiled => {
  const [first, second] = [left.run, right.run]
  return folded([left, right], (at) => {
    const one = first(at)
    if (isFailure(one)) return one
    const other = second(at)
    return isFailure(other) ? other : isEqual(one, other)
  })
}

const asBoolean = (operand: Compiled): Compiled =>
  operand.constant === undefined ? { run: (at) => boolean(operand.run(at)) } : constant(boolean(operand.constant))

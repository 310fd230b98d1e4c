import { holds, isEverywhere } from '../values/equal.ts'
import { failure, isFailure, type Result, recordValue, type SetValue, type Value } from '../values/value.ts'
import { type Compiled, folded } from './compiled.ts'

const NOT_SET = failure('type error: expected a set')

/** A set of what the items come to. */
export const setOf = (items: readonly Compiled[]): Compiled =>
  folded(items, (at) => {
    const values: Value[] = []
    for (const item of items) {
      const value = item.run(at)
      if (isFailure(value)) return value
      values.push(value)
    }
    return { kind: 'set', items: values }
  })

/** A record of what the fields come to. */
export const recordOf = (names: readonly string[], fields: readonly Compiled[]): Compiled =>
  folded(fields, (at) => {
    const values: Value[] = []
    for (const field of fields) {
      const value = field.run(at)
      if (isFailure(value)) return value
      values.push(value)
    }
    return recordValue(names, values)
  })

/** Whether the left, a set, holds the right. */
export const contains = (left: Compiled, right: Compiled): Compiled => {
  const [first, second] = [left.run, right.run]
  return folded([left, right], (at) => {
    const set = first(at)
    const item = second(at)
    if (isSet(set) && !isFailure(item)) return holds(set, item)
    return isFailure(set) ? set : isFailure(item) ? item : NOT_SET
  })
}

const ofTwoSets =
  (judge: (left: SetValue, right: SetValue) => boolean) =>
  (left: Compiled, right: Compiled): Compiled => {
    const [first, second] = [left.run, right.run]
    return folded([left, right], (at) => {
      const one = first(at)
      const other = second(at)
      if (isSet(one) && isSet(other)) return judge(one, other)
      return isFailure(one) ? one : isFailure(other) ? other : NOT_SET
    })
  }

/** Whether the left has everything of the right. */
export const containsAll = ofTwoSets((left, right) => isEverywhere(right, left))
/** Whether the left has anything of the right. */
export const containsAny = ofTwoSets((left, right) => {
  for (const item of right.items) if (holds(left, item)) return true
  return false
})

/** Whether a set is empty. */
export const isEmpty = (operand: Compiled): Compiled =>
  folded([operand], (at) => {
    const set = operand.run(at)
    return isSet(set) ? set.items.length === 0 : isFailure(set) ? set : NOT_SET
  })

const isSet = (result: Result): result is SetValue => typeof result === 'object' && result.kind === 'set'

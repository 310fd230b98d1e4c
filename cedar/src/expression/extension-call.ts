import { EXTENSION_FUNCTIONS } from '../values/extension.ts'
import { failure, isFailure } from '../values/value.ts'
import { type Compiled, constant, folded } from './compiled.ts'

/** A call of a function or method of the extension types; undefined when there is none of that name. */
export const extensionCall = (name: string, given: readonly Compiled[]): Compiled | undefined => {
  const called = EXTENSION_FUNCTIONS.get(name)
  if (!called) return undefined
  const [first = MISSING, second = first] = given
  // A wrong number of arguments fails where it is evaluated; so does an argument, and either way there is no value.
  if (given.length !== called.arguments)
    return constant(failure(`${name} takes ${called.arguments} arguments, not ${given.length}`))
  const [one, two] = [first.run, second.run]
  return folded(given, (at) => {
    const on = one(at)
    if (isFailure(on)) return on
    const other = called.arguments > 1 ? two(at) : on
    return isFailure(other) ? other : called.call(on, other)
  })
}

const MISSING = constant(failure('an argument is missing'))

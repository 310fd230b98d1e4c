import { likePattern, type PatternPart } from '../values/like-pattern.ts'
import { failure, isFailure } from '../values/value.ts'
import { type Compiled, folded } from './compiled.ts'

const NOT_STRING = failure('type error: expected a string')

/** Whether a string is like a pattern. */
export const like = (left: Compiled, parts: readonly PatternPart[]): Compiled => {
  const isLike = likePattern(parts)
  return folded([left], (at) => {
    const text = left.run(at)
    if (typeof text === 'string') return isLike(text)
    return isFailure(text) ? text : NOT_STRING
  })
}

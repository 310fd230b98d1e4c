import { isPlain } from '../values/read-value.ts'
import { compileExpression } from './compile-expression.ts'
import { type Compiled, constant } from './compiled.ts'
import { and, not } from './logic.ts'

/** Compiles all conditions of a policy into one, or says why they are none. */
export const compileConditions = (conditions: unknown): Compiled | string => {
  if (!Array.isArray(conditions)) return 'the policy has no list of conditions'
  let all: Compiled = constant(true)
  for (const clause of conditions) {
    if (!isPlain(clause) || !('kind' in clause) || !('body' in clause)) return 'a condition has a wrong form'
    const body = compileExpression(clause.body)
    if (typeof body === 'string') return body
    if (clause.kind !== 'when' && clause.kind !== 'unless') return 'a condition is neither when nor unless'
    all = and(all, clause.kind === 'when' ? body : not(body))
  }
  return all
}

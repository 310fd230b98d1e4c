import type { ActionAnswer } from './answer-action.ts'
import type { Judgement } from './judgement.ts'

/** What the answers for single actions come to, as one decision; `isAny` says that no action was asked for by name. */
export const summed = (
  answers: readonly (readonly [string, ActionAnswer])[],
  isAny: boolean,
): Omit<Judgement, 'revision' | 'kept'> => {
  const allowed = answers.filter(([, answer]) => answer.isAllowed)
  // Where no action was named, one that is not given is no refusal, unless nothing is given at all.
  const counted = isAny && allowed.length > 0 ? allowed : answers
  const refused = counted.filter(([, answer]) => !answer.isAllowed)
  const reported = counted.filter(([, answer]) => !answer.wouldAllow)
  const isAllowed = refused.length === 0 && allowed.length > 0
  const deciding = isAllowed ? (reported.length > 0 ? reported : counted) : refused
  return {
    isAllowed,
    actions: allowed.map(([name]) => name),
    outcome: reported.length === 0 && isAllowed ? ('allow' as const) : ('deny' as const),
    isEnforced: !isAllowed || reported.length === 0,
    policies: merged(deciding.map(([, answer]) => answer.policies)),
    missing: merged(deciding.map(([, answer]) => answer.missing)),
  }
}

const LISTED_MAX = 50
const merged = (lists: readonly (readonly string[])[]): readonly string[] =>
  [...new Set(lists.flat())].sort().slice(0, LISTED_MAX)

import type { Request } from '@reeve/cedar'
import type { Answer, Engine, ReadyPart } from '../engine/index.ts'
import { isGuardrail } from '../memory/base.ts'

/** The answer for one action: what happens, and what would happen if everything were enforced. */
export interface ActionAnswer {
  readonly isAllowed: boolean
  /** Whether everything that stands, report-only or not, allows it. */
  readonly wouldAllow: boolean
  readonly policies: readonly string[]
  readonly missing: readonly string[]
}

/**
 * Decides one action; `isReportOnly` says that refusals are only reported, those of guardrails apart. What is
 * privileged or impersonates is never let in to see what would happen: there everything that stands is enforced.
 * Those of the request's entities that the parts hold are not read again.
 */
export const answerAction = (
  engines: { readonly enforced: Engine; readonly trial: Engine },
  request: Request,
  lenience: { readonly isReportOnly: boolean; readonly isPrivileged: boolean },
  parts?: readonly (ReadyPart | undefined)[],
): ActionAnswer => {
  const full = engines.trial.decide(request, parts)
  const real = engines.trial === engines.enforced ? full : engines.enforced.decide(request, parts)
  // A permit on trial gives nothing yet: only what is enforced can allow.
  const wouldAllow = real.outcome === 'allow' && full.outcome === 'allow'
  const isLetIn = real.outcome === 'allow' || (lenience.isReportOnly && !isGuarded(real, engines.enforced))
  const isAllowed = lenience.isPrivileged ? wouldAllow : isLetIn
  const shown = wouldAllow || real.outcome === 'deny' ? real : full
  return { isAllowed, wouldAllow, policies: shown.policies, missing: shown.missing }
}

// An engine that failed inside, and a forbid that is a guardrail, hold for everybody.
const isGuarded = (answer: Answer, engine: Engine): boolean =>
  answer.errors.some(({ policy }) => policy === '') ||
  answer.policies.some((id) => {
    const source = engine.get(id)
    return source === undefined || isGuardrail(source)
  })

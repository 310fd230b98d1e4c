import type { EventDecision, Kept } from '../../ledger/event.ts'

/** What was decided, before the decision has an id. */
export interface Judgement {
  readonly isAllowed: boolean
  /** Those of the requested actions that are allowed; of all actions where none was named. */
  readonly actions: readonly string[]
  readonly outcome: EventDecision['outcome']
  /** False where a refusal is only reported: the outcome is deny, and the call goes on. */
  readonly isEnforced: boolean
  readonly policies: readonly string[]
  readonly missing: readonly string[]
  readonly revision: string
  /** What it was decided on. */
  readonly kept: Kept
}

/** The decision as events tell it. */
export const asDecision = (judgement: Judgement, id: string): EventDecision => ({
  id,
  outcome: judgement.outcome,
  enforced: judgement.isEnforced,
  policies: judgement.policies,
  revision: judgement.revision,
  missing: judgement.missing,
  request: judgement.kept.digest,
})

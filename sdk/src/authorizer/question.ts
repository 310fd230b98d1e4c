import type { Obligation } from '@reeve/cedar'

/** A thing that a question names, with what the caller says of it. */
export interface Thing {
  readonly type: string
  readonly id: string
  readonly properties?: Readonly<Record<string, unknown>>
}

/** May this subject do this to this resource? As the AuthZEN Authorization API asks it. */
export interface Question {
  readonly subject: Thing
  readonly action: { readonly name: string; readonly properties?: Readonly<Record<string, unknown>> }
  readonly resource: Thing
  readonly context?: Readonly<Record<string, unknown>>
}

/** The answer. Whatever is obliged must be done by whoever lets the caller in, or the caller is not let in. */
export interface Authorization {
  readonly isAllowed: boolean
  /** Who decided: the rulebook here, the issuer, or nobody, because neither could. */
  readonly by: 'rulebook' | 'issuer' | 'nobody'
  /** Why, where nobody decided: `stopped`, `view_stale`, `question_refused` or `closed`. */
  readonly code: 'stopped' | 'view_stale' | 'question_refused' | 'closed' | null
  /** The issuer's decision, for `reeve why`; what is decided here has none. */
  readonly decisionId: string | null
  /** The policies that decided here. */
  readonly policies: readonly string[]
  /** Allowed only because what would refuse it is report-only. */
  readonly isReportOnly: boolean
  readonly obligations: readonly Obligation[]
}

/** An answer that nobody decided: always a refusal. */
export const undecided = (code: NonNullable<Authorization['code']>): Authorization => ({
  isAllowed: false,
  by: 'nobody',
  code,
  decisionId: null,
  policies: [],
  isReportOnly: false,
  obligations: [],
})

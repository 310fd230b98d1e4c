/** How a call ended. */
export const OUTCOMES = ['done', 'dry-run', 'refused', 'failed'] as const
export type Outcome = (typeof OUTCOMES)[number]

/**
 * The version of the event's shape; a change of meaning raises it, old entries keep theirs. What a kind of event adds to its evidence
 * does not: that is no part of the shape.
 */
export const SCHEMA_VERSION = 1

/** Who acted. `anonymous` is a caller who proved nothing; `id` and `name` are then what was claimed, if anything. */
export interface Actor {
  readonly principalType: 'human' | 'nhi' | 'automation' | 'anonymous'
  readonly id: string | null
  readonly name: string | null
}

/** What a workload says it works for. */
export interface Workflow {
  readonly name: string
  readonly repository: string | null
  readonly run: string | null
}

/** What was acted on. */
export interface EventTarget {
  readonly type: string
  readonly id: string | null
  readonly name: string | null
  readonly environment: string | null
  /** The team that owned it then; null for what is no team's. */
  readonly team: string | null
}

/** One field before and after; a secret field holds digests. Values are short texts. */
export interface FieldChange {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

/** The policy's answer as an event tells it. `enforced` is false where the policy ran report-only. */
export interface EventDecision {
  readonly id: string
  readonly outcome: 'allow' | 'deny'
  readonly enforced: boolean
  readonly policies: readonly string[]
  readonly revision: string
  readonly missing: readonly string[]
  /** Digest of the request, its entities and its context, kept beside the log, from which it can be replayed. */
  readonly request: string | null
}

/** An event before the ledger names and dates it: everything but `id`, `at`, `schemaVersion` and `seq`. */
export interface EventDraft {
  readonly kind: string
  /** `dry-run` was only shown: nothing of it was done. */
  readonly outcome: Outcome
  readonly code: string | null
  readonly actor: Actor
  readonly instance: string | null
  readonly credential: string | null
  /** base64url SHA-256 of the token's jti. */
  readonly token: string | null
  readonly workflow: Workflow | null
  readonly on: EventTarget | null
  readonly change: readonly FieldChange[]
  readonly decision: EventDecision | null
  readonly approval: string | null
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>
  readonly tags: Readonly<Record<string, string>>
  readonly source: { readonly ip: string | null; readonly region: string | null; readonly userAgent: string | null }
  readonly correlation: {
    readonly requestId: string
    readonly traceparent: string | null
    readonly cause: string | null
  }
}

/** An event as it stands in the log, before it is numbered. */
export interface LedgerEvent extends EventDraft {
  readonly id: string
  readonly at: string
  readonly schemaVersion: number
}

/** A numbered event, as readers get it. */
export interface NumberedEvent extends LedgerEvent {
  readonly seq: number
}

/** A text that an entry refers to by digest and that may be forgotten without touching the entry. */
export interface Kept {
  readonly digest: string
  readonly body: string
}

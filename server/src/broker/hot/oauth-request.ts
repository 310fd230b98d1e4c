import type { EventDraft } from '../../ledger/event.ts'

/** One request to an OAuth endpoint, as the edge read it: each parameter at most once, none without a value. */
export interface OAuthRequest {
  readonly form: ReadonlyMap<string, string>
  /** The value of the Authorization header. */
  readonly authorization: string | undefined
  readonly source: EventDraft['source']
  readonly requestId: string
  readonly traceparent: string | null
}

import type { EventDraft } from '../../ledger/event.ts'
import type { ShownCertificate } from '../client-certificate.ts'
import type { ClientProof } from '../domain/client-proof.ts'

/** One request to an OAuth endpoint, as the edge read it: each parameter at most once, none without a value. */
export interface OAuthRequest {
  readonly form: ReadonlyMap<string, string>
  /** The value of the Authorization header. */
  readonly authorization: string | undefined
  /** The value of the DPoP header (RFC 9449 §4.1); only the token endpoint looks at it. */
  readonly dpop?: string | undefined
  /** The certificate of whoever sends it, where the connection, or a trusted proxy, shows one (RFC 8705). */
  readonly certificate?: ShownCertificate | undefined
  readonly source: EventDraft['source']
  /** What is remembered of whoever keeps this connection open, for as long as it is. */
  readonly remembered?: RememberedProof | undefined
  readonly requestId: string
  readonly traceparent: string | null
  /**
   * Counts this request as a failed proof of who it claims to be, once. Gives 0 when that is to be recorded and told, or
   * the seconds to wait.
   */
  failed(claimed: string | null): number
}

/** The proof that a header held last, on one connection that is kept open. */
export interface RememberedProof {
  authorization?: string
  proof?: ClientProof
}

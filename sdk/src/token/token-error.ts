/** Why there is no token: stable words for a program to look at. */
export type TokenErrorCode =
  | 'token_refused'
  | 'issuer_unreachable'
  | 'answer_malformed'
  | 'no_proof'
  | 'token_stopped'
  | 'wrong_destination'
  | 'source_closed'

/** A token that could not be had, with what the issuer said about it. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  /** With token_refused: the OAuth error (RFC 6749 §5.2). */
  readonly oauthError: string | undefined
  /** With token_refused: the issuer's own code, for `reeve why`. */
  readonly issuerCode: string | undefined
  readonly traceId: string | undefined
  readonly decisionId: string | undefined

  constructor(
    code: TokenErrorCode,
    message: string,
    { cause, oauthError, issuerCode, traceId, decisionId }: TokenErrorDetail = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.oauthError = oauthError
    this.issuerCode = issuerCode
    this.traceId = traceId
    this.decisionId = decisionId
  }
}

/** What belongs to some of these errors only. */
export interface TokenErrorDetail {
  readonly cause?: unknown
  readonly oauthError?: string | undefined
  readonly issuerCode?: string | undefined
  readonly traceId?: string | undefined
  readonly decisionId?: string | undefined
}

import { dpopAlgorithms } from './dpop/algorithms.ts'
import type { RevocationScope } from './wire.ts'

/** Why a token was refused: stable, and the only words a program should look at. */
export type VerifyCode = keyof typeof refusals

/** A refused token, with what HTTP should answer (RFC 6750 §3). */
export class VerifyError extends Error {
  override readonly name = 'VerifyError'
  readonly code: VerifyCode
  /** The HTTP status: 400, 401 or 403 for what the caller did, 503 when it cannot be judged now. */
  readonly status: 400 | 401 | 403 | 503
  /** The value of the WWW-Authenticate header. */
  readonly wwwAuthenticate: string
  /** With token_revoked: the narrowest scope at which it was stopped. */
  readonly scope: RevocationScope | undefined
  /** With insufficient_scope: what the token would have to hold. */
  readonly requiredScopes: readonly string[]

  /** With dpop_nonce_required: the value of the DPoP-Nonce header (RFC 9449 §9). */
  readonly dpopNonce: string | undefined
  readonly #detail: VerifyErrorDetail

  constructor(code: VerifyCode, detail: VerifyErrorDetail = {}) {
    const { scope, requiredScopes = [], reason, cause, scheme, dpopNonce, metadataUrl } = detail
    const { status, error, sentence } = refusals[code]
    super(
      [sentence, scope ?? reason ?? requiredScopes.join(' ')].filter((part) => part !== '').join(': '),
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.status = status
    this.scope = scope
    this.requiredScopes = requiredScopes
    this.dpopNonce = dpopNonce
    this.#detail = detail
    this.wwwAuthenticate = challenge({ status, error, sentence }, { requiredScopes, scheme, metadataUrl })
  }

  /** The same, told to a client that presents its token by this scheme, and may have to find out about the resource. */
  challenging(scheme: PresentedScheme, metadataUrl?: string): VerifyError {
    const before = this.#detail
    return (scheme === 'Bearer' || before.scheme === scheme) && before.metadataUrl === metadataUrl
      ? this
      : new VerifyError(this.code, { ...before, scheme, metadataUrl })
  }

  /** What the caller may be told, as RFC 9457 problem details. */
  toProblem(): { type: string; title: string; status: number; code: VerifyCode; detail: string } {
    return {
      type: 'about:blank',
      title: titles[this.status],
      status: this.status,
      code: this.code,
      detail: this.message,
    }
  }
}

/** How a token was presented. */
export type PresentedScheme = 'Bearer' | 'DPoP'

/** What belongs to some refusals only. */
export interface VerifyErrorDetail {
  readonly scope?: RevocationScope
  readonly requiredScopes?: readonly string[]
  /** What is wrong with a proof. */
  readonly reason?: string
  readonly dpopNonce?: string | undefined
  readonly scheme?: PresentedScheme
  /** Where the resource says how to get a token for it (RFC 9728). */
  readonly metadataUrl?: string | undefined
  readonly cause?: unknown
}

type Refusal = {
  readonly status: 400 | 401 | 403 | 503
  readonly error:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | null
  readonly sentence: string
}

const bad = (sentence: string): Refusal => ({ status: 401, error: 'invalid_token', sentence })
// RFC 9449 §7.1.
const badProof = (sentence: string): Refusal => ({ status: 401, error: 'invalid_dpop_proof', sentence })
// What the resource cannot judge is not the caller's mistake: no error in the challenge, and come back later.
const later = (sentence: string): Refusal => ({ status: 503, error: null, sentence })

const refusals = {
  // RFC 6750 §3.1: a request without credentials is told no error.
  token_missing: { status: 401, error: null, sentence: 'an access token is required' },
  request_malformed: {
    status: 400,
    error: 'invalid_request',
    sentence: 'the authorization header is malformed, or a proof is sent with the scheme Bearer',
  },
  token_malformed: bad('the token is not a well-formed signed token'),
  token_too_large: bad('the token is too large'),
  algorithm_refused: bad('the algorithm of the token is not accepted'),
  key_in_header: bad('the token brings its own key'),
  critical_header: bad('the token has a header that must be understood and is not'),
  wrong_type: bad('the token is not an access token'),
  unknown_key: bad('the token is signed with an unknown key'),
  bad_signature: bad('the signature of the token is wrong'),
  claim_invalid: bad('the token has a claim that is missing or of the wrong form'),
  wrong_issuer: bad('the token is from another issuer'),
  wrong_audience: bad('the token is for another audience'),
  token_expired: bad('the token has expired'),
  token_not_yet_valid: bad('the token is not valid yet'),
  token_revoked: bad('the token has been stopped'),
  token_bound: bad('the token is bound to a key: send it with the scheme DPoP and a proof'),
  token_not_bound: bad('the token is bound to no key: send it with the scheme Bearer'),
  // RFC 8705 §3.
  certificate_not_shown: bad('the token is bound to a certificate, and the connection shows another one or none'),
  dpop_proof_missing: badProof('a proof for the token is missing'),
  dpop_proof_invalid: badProof('the proof is wrong'),
  dpop_proof_replayed: badProof('the proof was used before'),
  dpop_nonce_required: { status: 401, error: 'use_dpop_nonce', sentence: 'the proof needs a nonce of this server' },
  token_inactive: bad('the issuer says that the token is not active'),
  insufficient_scope: {
    status: 403,
    error: 'insufficient_scope',
    sentence: 'the token does not hold the scope that this needs',
  },
  status_missing: bad('the token names no status list of its issuer, and this server goes by those'),
  view_stale: later('it is not known now whether the token has been stopped'),
  keys_unavailable: later('the keys of the issuer are not known now'),
  dpop_memory_full: later('too many proofs were sent to tell whether this one was used before'),
  verifier_closed: later('this server is stopping'),
} as const satisfies Record<string, Refusal>

/** Every code a verifier can refuse with. */
export const verifyCodes: readonly string[] = Object.keys(refusals)

const titles = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 503: 'Service Unavailable' } as const

// RFC 6749 §3.3: nothing else is a scope, and nothing else may reach a header.
const isScopeToken = (scope: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)

const challenge = (
  { status, error, sentence }: Refusal,
  {
    requiredScopes,
    scheme = 'Bearer',
    metadataUrl,
  }: {
    readonly requiredScopes: readonly string[]
    readonly scheme: PresentedScheme | undefined
    readonly metadataUrl: string | undefined
  },
): string => {
  const algs = `algs="${dpopAlgorithms.join(' ')}"`
  // RFC 9728 §5.1: whoever lacks a right token is told where it says how to get one. A URL holds no quotes.
  const about = metadataUrl === undefined || status === 503 ? [] : [`resource_metadata="${metadataUrl}"`]
  // RFC 9449 §7.2: whoever has shown nothing yet is told both.
  if (error === null && status === 401) return `${['Bearer', ...about].join(' ')}, DPoP ${[algs, ...about].join(', ')}`
  if (error === null) return scheme === 'DPoP' ? `DPoP ${algs}` : 'Bearer'
  const parts = [`error="${error}"`, `error_description="${sentence}"`]
  if (requiredScopes.length > 0) parts.push(`scope="${requiredScopes.filter(isScopeToken).join(' ')}"`)
  parts.push(...about)
  if (scheme === 'DPoP') parts.push(algs)
  return `${scheme} ${parts.join(', ')}`
}

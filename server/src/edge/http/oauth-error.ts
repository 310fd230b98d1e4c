import type { Fault, FaultKind, FaultObligation } from '../../kit/fault.ts'
import type { Answer } from './answer.ts'
import { problemType } from './problem.ts'

/** A fault as RFC 6749 §5.2 has it answered, with our own code and what to quote when asking for help. */
export const oauthError = (
  fault: Fault,
  given: { readonly issuer: string; readonly requestId: string; readonly isGrant: boolean },
): Answer => {
  const { status, error } = answerOf(fault, given.isGrant)
  const { retryAfterSeconds, decisionId, obligations = [] } = fault.extras
  const headers: [string, string][] = []
  if (retryAfterSeconds !== undefined) headers.push(['retry-after', String(retryAfterSeconds)])
  // RFC 6749 §5.2: a client that used the Authorization header is told how to use it.
  const stepUp = stepUpChallenge(obligations)
  if (status === 401) headers.push(['www-authenticate', 'Basic realm="reeve"'])
  else if (stepUp !== undefined) headers.push(['www-authenticate', stepUp])
  const body = {
    error,
    error_description: `${fault.message}; ${fault.fix}`.replaceAll('§', 'section ').replaceAll(NOT_ALLOWED, "'"),
    error_uri: problemType(given.issuer, fault.code),
    code: fault.code,
    trace_id: given.requestId,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    ...(obligations.length === 0 ? {} : { obligations }),
  }
  return { status, headers, text: JSON.stringify(body) }
}

// RFC 7521 §4.1.1: where the assertion is the grant, it is the grant that is wrong, and no client has failed.
const answerOf = (fault: Fault, isGrant: boolean): OAuthAnswer =>
  isGrant && fault.kind === 'unauthenticated' && !OF_CLIENT.includes(fault.code)
    ? INVALID_GRANT
    : (BY_CODE[fault.code] ?? BY_KIND[fault.kind])

// Where a client proves itself beside the grant, it is the client that failed.
const OF_CLIENT: readonly string[] = ['client_not_proven', 'client_proof_missing', 'assertion_invalid']

/** What would satisfy, as RFC 9470 §3 says it; RFC 9110 §11.6.1 allows it where another proof would change the answer. */
const stepUpChallenge = (obligations: readonly FaultObligation[]): string | undefined => {
  const wanted = obligations.filter(({ acr_values: acr, max_age: age }) => acr !== undefined || age !== undefined)
  if (wanted.length === 0) return undefined
  const acrValues = wanted.flatMap(({ acr_values: acr }) => acr ?? []).join(' ')
  // Each of them refused, so that the shortest age is the one that satisfies all.
  const maxAge = Math.min(...wanted.map(({ max_age: age }) => age ?? Number.POSITIVE_INFINITY))
  return [
    'Bearer error="insufficient_user_authentication"',
    'error_description="a stronger or newer proof is needed"',
    ...(acrValues === '' ? [] : [`acr_values="${acrValues.replaceAll(NOT_ALLOWED, "'")}"`]),
    ...(maxAge === Number.POSITIVE_INFINITY ? [] : [`max_age="${maxAge}"`]),
  ].join(', ')
}

// RFC 6749 §5.2 allows printable ASCII without quote and backslash in a description.
const NOT_ALLOWED = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g

interface OAuthAnswer {
  readonly status: number
  readonly error: string
}

const INVALID_GRANT: OAuthAnswer = { status: 400, error: 'invalid_grant' }

const BY_KIND: Readonly<Record<FaultKind, OAuthAnswer>> = {
  invalid: { status: 400, error: 'invalid_request' },
  unauthenticated: { status: 401, error: 'invalid_client' },
  denied: { status: 400, error: 'unauthorized_client' },
  not_found: { status: 400, error: 'invalid_request' },
  conflict: { status: 400, error: 'invalid_request' },
  limited: { status: 429, error: 'temporarily_unavailable' },
  unavailable: { status: 503, error: 'temporarily_unavailable' },
  internal: { status: 500, error: 'server_error' },
}

const BY_CODE: Readonly<Record<string, OAuthAnswer>> = {
  grant_type_unsupported: { status: 400, error: 'unsupported_grant_type' },
  // RFC 8707 §2.
  resource_missing: { status: 400, error: 'invalid_target' },
  resource_several: { status: 400, error: 'invalid_target' },
  resource_not_registered: { status: 400, error: 'invalid_target' },
  // RFC 8693 §2.2.2: whatever is wrong with a token that was presented, or with who presents it.
  subject_token_refused: { status: 400, error: 'invalid_request' },
  delegate_not_named: { status: 400, error: 'invalid_request' },
  delegation_denied: { status: 400, error: 'invalid_request' },
  exchange_subject_denied: { status: 400, error: 'invalid_target' },
  exchange_actor_denied: { status: 400, error: 'invalid_target' },
  exchange_scope_wider: { status: 400, error: 'invalid_scope' },
  // RFC 9396 §5.
  details_invalid: { status: 400, error: 'invalid_authorization_details' },
  exchange_details_wider: { status: 400, error: 'invalid_authorization_details' },
  scope_malformed: { status: 400, error: 'invalid_scope' },
  // RFC 9449 §5 and §8.
  dpop_proof_invalid: { status: 400, error: 'invalid_dpop_proof' },
  dpop_proof_replayed: { status: 400, error: 'invalid_dpop_proof' },
  dpop_nonce_required: { status: 400, error: 'use_dpop_nonce' },
  sender_constraint_required: { status: 400, error: 'invalid_request' },
  // RFC 8628 §3.5; §3.1 for the first.
  login_scope_unsupported: { status: 400, error: 'invalid_scope' },
  login_pending: { status: 400, error: 'authorization_pending' },
  login_asked_too_soon: { status: 400, error: 'slow_down' },
  login_expired: { status: 400, error: 'expired_token' },
  login_refused: { status: 400, error: 'access_denied' },
  login_code_invalid: { status: 400, error: 'invalid_grant' },
  token_denied: { status: 400, error: 'access_denied' },
  too_large: { status: 413, error: 'invalid_request' },
  wrong_media_type: { status: 415, error: 'invalid_request' },
}

import type { FastifyReply } from 'fastify'
import type { Fault, FaultKind } from '../../kit/fault.ts'
import { problemType } from './problem.ts'

/** Sends a fault as RFC 6749 §5.2 writes it, with our own code and what to quote when asking for help. */
export const sendOAuthError = (reply: FastifyReply, fault: Fault, issuer: string): FastifyReply => {
  const { status, error } = BY_CODE[fault.code] ?? BY_KIND[fault.kind]
  const { retryAfterSeconds, decisionId } = fault.extras
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  // RFC 6749 §5.2: a client that used the Authorization header is told how to use it.
  if (status === 401) reply.header('www-authenticate', 'Basic realm="reeve"')
  const body = {
    error,
    error_description: `${fault.message}; ${fault.fix}`.replaceAll(NOT_ALLOWED, "'"),
    error_uri: problemType(issuer, fault.code),
    code: fault.code,
    trace_id: reply.request.id,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
  }
  return reply.code(status).header('cache-control', 'no-store').type('application/json').send(JSON.stringify(body))
}

// RFC 6749 §5.2 allows printable ASCII without quote and backslash in a description.
const NOT_ALLOWED = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g

interface OAuthAnswer {
  readonly status: number
  readonly error: string
}

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
  resource_not_registered: { status: 400, error: 'invalid_target' },
  scope_malformed: { status: 400, error: 'invalid_scope' },
  token_denied: { status: 400, error: 'access_denied' },
  too_large: { status: 413, error: 'invalid_request' },
  wrong_media_type: { status: 415, error: 'invalid_request' },
}

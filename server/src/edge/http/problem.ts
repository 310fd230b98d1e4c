import { resourceMetadata } from '@reeve/sdk'
import { dpopAlgorithms } from '@reeve/sdk/dpop'
import type { FastifyReply } from 'fastify'
import type { Fault, FaultKind } from '../../kit/fault.ts'

/** The HTTP status of each kind of fault: the one place where the two meet. */
const STATUS: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  not_found: 404,
  conflict: 409,
  limited: 429,
  unavailable: 503,
  internal: 500,
}

// Codes whose status HTTP has a better word for than their kind's.
const STATUS_BY_CODE: Readonly<Record<string, number>> = { too_large: 413, wrong_media_type: 415 }

/** The HTTP status of a fault: its kind's, unless its code has a better one. */
export const statusOf = (code: string, kind: FaultKind): number => STATUS_BY_CODE[code] ?? STATUS[kind]

/** How one proves who one is to the API: with a token, or with one that is bound to a key (RFC 9449 §7.2). */
export const challengeOf = (issuer: string): string => {
  // RFC 9728 §5.1: and where it says how to get one.
  const about = `resource_metadata="${resourceMetadata(issuer, issuer).url}"`
  return `Bearer realm="reeve", ${about}, DPoP realm="reeve", algs="${dpopAlgorithms.join(' ')}", ${about}`
}

/** Where the page of each code is; published with the docs and served by the server itself. */
export const problemType = (issuer: string, code: string): string => `${issuer}/docs/errors/${code}`

/** A fault as RFC 9457 problem details. */
const toProblem = (fault: Fault, issuer: string, requestId: string) => {
  const status = statusOf(fault.code, fault.kind)
  const { places, decisionId, retryAfterSeconds } = fault.extras
  const type = problemType(issuer, fault.code)
  return {
    type,
    title: fault.code.replaceAll('_', ' '),
    status,
    detail: fault.message,
    instance: requestId,
    code: fault.code,
    hint: fault.fix,
    docs: type,
    ...(places === undefined ? {} : { errors: places }),
    ...(decisionId === undefined ? {} : { decisionId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds }),
  }
}

/** Sends a fault as `application/problem+json`. */
export const sendProblem = (reply: FastifyReply, fault: Fault, issuer: string, requestId: string): FastifyReply => {
  const problem = toProblem(fault, issuer, requestId)
  if (fault.extras.retryAfterSeconds !== undefined) reply.header('retry-after', String(fault.extras.retryAfterSeconds))
  if (problem.status === 401) reply.header('www-authenticate', challengeOf(issuer))
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

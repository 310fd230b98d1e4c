import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type Introspection,
  type IssuedToken,
  JWT_BEARER_GRANT,
  type OAuthRequest,
  type TokenRequestKind,
} from '../../broker/index.ts'
import type { Clock } from '../../kit/clock.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import { dpopOf, sourceOf, traceparentOf } from './authenticate.ts'
import { faultOfBody } from './body-fault.ts'
import { createFailureLimit, type FailureLimit } from './failure-limit.ts'
import { readForm } from './form.ts'
import { sendOAuthError } from './oauth-error.ts'

/** What the OAuth endpoints ask the broker. */
export interface OAuthFaces {
  issueToken(request: OAuthRequest): Promise<IssuedToken | Fault>
  introspectToken(request: OAuthRequest): Promise<Introspection | Fault>
  revokeToken(request: OAuthRequest): Promise<undefined | Fault>
  /** What the next DPoP proof must hold. */
  dpopNonce(): Promise<string>
  /** Records a request that could not be read, and hands the fault back. */
  refuse(kind: TokenRequestKind, request: OAuthRequest, fault: Fault): Promise<Fault>
}

/** What the endpoints stand on. */
export interface OAuthParts {
  readonly broker: OAuthFaces
  readonly clock: Clock
  readonly log: Log
  /** How many failed proofs of one address are told and recorded in a minute. */
  readonly failuresPerMinute: number
  issuer(): string
}

/** `/oauth/token`, `/oauth/introspect` and `/oauth/revoke` (RFC 6749, 7662, 7009). */
export const mountOAuth = (http: FastifyInstance, parts: OAuthParts): void => {
  http.register(async (scope) => {
    const { broker } = parts
    const limit = createFailureLimit(parts.failuresPerMinute, parts.clock.monotonicMs)
    const send = (reply: FastifyReply, fault: Fault, form?: ReadonlyMap<string, string>) =>
      sendOAuthError(reply, fault, {
        issuer: parts.issuer(),
        ...(form?.get('grant_type') === JWT_BEARER_GRANT ? { grant: 'assertion' } : {}),
      })

    // Fastify's own form parser keeps the last of two equal names; here the body is read as text and judged.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_MAX },
      textBody,
    )
    scope.setErrorHandler((error, _request, reply) => send(reply, toFault(error, parts.log)))

    // What cannot be read is recorded as every refusal is, and counts as a failed proof.
    const refuse = async (kind: TokenRequestKind, request: FastifyRequest, reply: FastifyReply, fault: Fault) =>
      send(reply, await broker.refuse(kind, requestOf(request, new Map(), limit), fault))

    const endpoint = <T>(
      url: string,
      kind: TokenRequestKind,
      ask: (request: OAuthRequest) => Promise<T | Fault>,
      answer: (reply: FastifyReply, value: T) => FastifyReply,
    ): void => {
      const called = new WeakSet<FastifyRequest>()
      const errorHandler = async (error: Error, request: FastifyRequest, reply: FastifyReply) => {
        const fault = called.has(request) ? undefined : unreadable(error)
        if (fault === undefined) throw error
        return refuse(kind, request, reply, fault)
      }
      scope.post(url, { exposeHeadRoute: false, errorHandler }, async (request, reply) => {
        called.add(request)
        const form = formOf(request)
        if (form === undefined)
          return refuse(kind, request, reply, coreFault('invalid_input', { about: 'the form is malformed' }))
        const value = await ask(requestOf(request, form, limit))
        // RFC 9449 §8.2: whoever proves a key hears of the next nonce before it is needed.
        if (request.headers.dpop !== undefined) reply.header('dpop-nonce', await broker.dpopNonce())
        return value instanceof Fault ? send(reply, value, form) : answer(reply, value)
      })
    }

    endpoint('/oauth/token', 'broker.token.issue', broker.issueToken, (reply, token) => json(reply, tokenText(token)))
    endpoint('/oauth/introspect', 'broker.token.introspect', broker.introspectToken, (reply, found) =>
      json(reply, JSON.stringify(found)),
    )
    endpoint('/oauth/revoke', 'broker.token.revoke', broker.revokeToken, (reply) => reply.code(200).send())
  })
}

const BODY_MAX = 65_536

const textBody = (
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: string) => void,
) => done(null, String(body))

// RFC 6749 §3.2: parameters of these endpoints stand in the body; a secret in a URL is in every log on its way.
const formOf = ({ body, url }: FastifyRequest): ReadonlyMap<string, string> | undefined =>
  (typeof body === 'string' || body === undefined) && !url.includes('?') ? readForm(body ?? '') : undefined

const requestOf = (request: FastifyRequest, form: ReadonlyMap<string, string>, limit: FailureLimit): OAuthRequest => {
  let waitSeconds: number | undefined
  return {
    form,
    authorization: request.headers.authorization,
    dpop: dpopOf(request),
    certificate: request.server.certificates.of(request),
    source: sourceOf(request),
    requestId: request.id,
    traceparent: traceparentOf(request.headers.traceparent),
    // Once: what is judged anew because memory was old is still one request.
    failed: (claimed) => {
      waitSeconds ??= limit.failed(request.ip, claimed)
      return waitSeconds
    },
  }
}

const json = (reply: FastifyReply, text: string): FastifyReply =>
  // RFC 6749 §5.1: never kept on the way.
  reply.header('cache-control', 'no-store').type('application/json').send(text)

const tokenText = ({ accessToken, tokenType, expiresInSeconds, scope, issuedTokenType }: IssuedToken): string => {
  const issued = issuedTokenType === undefined ? '' : `"issued_token_type":"${issuedTokenType}",`
  return `{"access_token":"${accessToken}",${issued}"token_type":"${tokenType}","expires_in":${expiresInSeconds},"scope":${JSON.stringify(scope)}}`
}

const toFault = (error: unknown, log: Log): Fault => {
  if (error instanceof Fault) return error
  log.error({ err: error }, 'unexpected error at the OAuth edge')
  return coreFault('internal', { cause: error })
}

/** What is wrong with a request whose body was not read; the media type is another here than elsewhere. */
const unreadable = (error: Error): Fault | undefined => {
  const fault = faultOfBody(error)
  if (fault === undefined || fault.code === 'too_large') return fault
  return coreFault('wrong_media_type', { about: 'here it is application/x-www-form-urlencoded' })
}

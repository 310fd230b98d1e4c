import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Introspection, IssuedToken, OAuthRequest } from '../../broker/index.ts'
import type { Clock } from '../../kit/clock.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import { createFailureLimit } from './failure-limit.ts'
import { readForm } from './form.ts'
import { sendOAuthError } from './oauth-error.ts'

/** What the OAuth endpoints ask the broker. */
export interface OAuthFaces {
  issueToken(request: OAuthRequest): Promise<IssuedToken | Fault>
  introspectToken(request: OAuthRequest): Promise<Introspection | Fault>
  revokeToken(request: OAuthRequest): Promise<undefined | Fault>
}

/** What the endpoints stand on. */
export interface OAuthParts {
  readonly broker: OAuthFaces
  readonly clock: Clock
  readonly log: Log
  /** How many failed proofs one address may send in a minute. */
  readonly failuresPerMinute: number
  issuer(): string
}

/** `/oauth/token`, `/oauth/introspect` and `/oauth/revoke` (RFC 6749, 7662, 7009). */
export const mountOAuth = (http: FastifyInstance, parts: OAuthParts): void => {
  http.register(async (scope) => {
    const { broker } = parts
    const limit = createFailureLimit(parts.failuresPerMinute, parts.clock.monotonicMs)
    const send = (reply: FastifyReply, fault: Fault) => sendOAuthError(reply, fault, parts.issuer())

    // Fastify's own form parser keeps the last of two equal names; here the body is read as text and judged.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_MAX },
      textBody,
    )
    scope.setErrorHandler((error, _request, reply) => send(reply, toFault(error, parts.log)))

    const endpoint = <T>(
      url: string,
      ask: (request: OAuthRequest) => Promise<T | Fault>,
      answer: (reply: FastifyReply, value: T) => FastifyReply,
    ): void => {
      scope.post(url, { exposeHeadRoute: false }, async (request, reply) => {
        const wait = limit.waitSeconds(request.ip)
        if (wait > 0) return send(reply, coreFault('limited', { retryAfterSeconds: wait }))
        const asked = readRequest(request)
        if (asked instanceof Fault) return send(reply, asked)
        const value = await ask(asked)
        if (!(value instanceof Fault)) return answer(reply, value)
        if (value.kind === 'unauthenticated') limit.failed(request.ip)
        return send(reply, value)
      })
    }

    endpoint('/oauth/token', broker.issueToken, (reply, token) => json(reply, tokenText(token)))
    endpoint('/oauth/introspect', broker.introspectToken, (reply, found) => json(reply, JSON.stringify(found)))
    endpoint('/oauth/revoke', broker.revokeToken, (reply) => reply.code(200).send())
  })
}

const BODY_MAX = 65_536

const textBody = (
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: string) => void,
) => done(null, String(body))

const readRequest = (request: FastifyRequest): OAuthRequest | Fault => {
  const { body, headers } = request
  // RFC 6749 §3.2: parameters of these endpoints stand in the body; a secret in a URL is in every log on its way.
  const form = typeof body === 'string' && !request.url.includes('?') ? readForm(body) : undefined
  if (form === undefined) return coreFault('invalid_input', { about: 'the form is malformed' })
  const { traceparent } = headers
  return {
    form,
    authorization: headers.authorization,
    source: { ip: request.ip, region: null, userAgent: headers['user-agent']?.slice(0, USER_AGENT_MAX) ?? null },
    requestId: request.id,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : null,
  }
}

const USER_AGENT_MAX = 300
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

const json = (reply: FastifyReply, text: string): FastifyReply =>
  // RFC 6749 §5.1: never kept on the way.
  reply.header('cache-control', 'no-store').type('application/json').send(text)

const tokenText = ({ accessToken, expiresInSeconds, scope }: IssuedToken): string =>
  `{"access_token":"${accessToken}","token_type":"Bearer","expires_in":${expiresInSeconds},"scope":${JSON.stringify(scope)}}`

const toFault = (error: unknown, log: Log): Fault => {
  if (error instanceof Fault) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return coreFault('too_large')
  if (code.startsWith('FST_ERR_CTP'))
    return coreFault('wrong_media_type', { about: 'here it is application/x-www-form-urlencoded' })
  log.error({ err: error }, 'unexpected error at the OAuth edge')
  return coreFault('internal', { cause: error })
}

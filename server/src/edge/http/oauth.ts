import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { brokerFaults, type OAuthRequest } from '../../broker/index.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Answer } from './answer.ts'
import { dpopOf, sourceOf, traceparentOf } from './authenticate.ts'
import { faultOfBody } from './body-fault.ts'
import type { FailureLimit } from './failure-limit.ts'
import { isForm, readForm } from './form.ts'
import { countedOnce, FORM_BYTES_MAX, type OAuthEndpoint, type OAuthParts, oauthEndpoints } from './oauth-endpoints.ts'

/** The OAuth endpoints as routes; they judge every request that the door does not take. */
export const mountOAuth = (http: FastifyInstance, parts: OAuthParts): void => {
  http.register(async (scope) => {
    const { failures } = parts
    const endpoints = oauthEndpoints(parts)

    // Fastify's own form parser keeps the last of two equal names; here the body is read as text and judged.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
      textBody,
    )

    // What cannot be read is recorded as every refusal is, and counts as a failed proof.
    const refused = (refuse: OAuthEndpoint['refuse'], request: FastifyRequest, fault: Fault): Promise<Fault> =>
      refuse(requestOf(request, new Map(), failures), fault)

    const mount = ({ path, refuse, answer, failure }: OAuthEndpoint): void => {
      const called = new WeakSet<FastifyRequest>()
      const errorHandler = async (error: Error, request: FastifyRequest, reply: FastifyReply) => {
        const fault = called.has(request) ? undefined : unreadable(error)
        if (fault === undefined) throw error
        return send(reply, failure(await refused(refuse, request, fault), request.id))
      }
      scope.post(path, { exposeHeadRoute: false, errorHandler }, async (request, reply) => {
        called.add(request)
        const form = formOf(request)
        if (isForm(form)) return send(reply, await answer(requestOf(request, form, failures), request.headers.accept))
        const { code, ...extras } = form
        const fault = new Fault(code, brokerFaults[code], extras)
        return send(reply, failure(await refused(refuse, request, fault), request.id))
      })
    }
    for (const endpoint of endpoints) mount(endpoint)
    const [{ failure }] = endpoints
    scope.setErrorHandler((error, request, reply) => send(reply, failure(error, request.id)))
  })
}

const textBody = (
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: string) => void,
) => done(null, String(body))

// RFC 6749 §3.2: parameters of these endpoints stand in the body; a secret in a URL is in every log on its way.
const formOf = ({ body, url }: FastifyRequest): ReturnType<typeof readForm> =>
  (typeof body === 'string' || body === undefined) && !url.includes('?')
    ? readForm(body ?? '')
    : { code: 'parameter_invalid', about: 'there are some in the URL' }

const requestOf = (request: FastifyRequest, form: ReadonlyMap<string, string>, limit: FailureLimit): OAuthRequest => ({
  form,
  authorization: request.headers.authorization,
  dpop: dpopOf(request),
  certificate: request.server.certificates.of(request.raw),
  source: sourceOf(request),
  requestId: request.id,
  traceparent: traceparentOf(request.headers.traceparent),
  failed: countedOnce(limit, request.ip),
})

const send = (reply: FastifyReply, answer: Answer): FastifyReply => {
  const { status, headers, text, type = 'application/json', requestId } = answer
  if (requestId !== undefined) reply.header('x-request-id', requestId)
  for (const [name, value] of headers) reply.header(name, value)
  // RFC 6749 §5.1: never kept on the way. As bytes: to a text Fastify would add a charset (RFC 8259 §11 knows none).
  reply.code(status).header('cache-control', 'no-store')
  return text === '' ? reply.send() : reply.header('content-type', type).send(Buffer.from(text))
}

/** What is wrong with a request whose body was not read; the media type is another here than elsewhere. */
const unreadable = (error: Error): Fault | undefined => {
  const fault = faultOfBody(error)
  if (fault === undefined || fault.code === 'too_large') return fault
  return coreFault('wrong_media_type', { about: 'application/x-www-form-urlencoded' })
}

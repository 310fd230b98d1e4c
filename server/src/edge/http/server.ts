import formbody from '@fastify/formbody'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import type { Random } from '../../kit/random.ts'
import { sendProblem } from './problem.ts'
import { parseStrictJson } from './strict-json.ts'

const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const REQUEST_MS_MAX = 10_000
const CHECK_EVERY_MS = 1_000
const CONNECTIONS_MAX = 20_000

/**
 * The HTTP server without routes: limits, strict parsing, and every error as problem details.
 * Slow senders and slow readers are cut after ten seconds; Node's own defaults would let them sit for minutes.
 */
export const createHttp = (given: {
  issuer(): string
  trustedProxies: readonly string[]
  random: Random
  log: Log
}): FastifyInstance => {
  const { issuer, random, log } = given
  const http = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: given.trustedProxies.length === 0 ? false : [...given.trustedProxies],
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    forceCloseConnections: 'idle',
    genReqId: () => random.id('req'),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false, caseSensitive: true },
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      headersTimeout: REQUEST_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
    },
  })
  http.server.maxConnections = CONNECTIONS_MAX
  http.removeAllContentTypeParsers()
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      checkMediaType(request)
      done(null, parseStrictJson(String(body)))
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable body'))
    }
  })
  http.register(formbody, { bodyLimit: BODY_BYTES_MAX })
  http.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  http.setNotFoundHandler((request, reply) => sendProblem(reply, coreFault('unknown_operation'), issuer(), request.id))
  http.setErrorHandler((error, request, reply) => {
    const fault = error instanceof Fault ? error : translate(error, log)
    return sendProblem(reply, fault, issuer(), request.id)
  })
  return http
}

// Fastify matches a media type loosely; ours is one value, once, with at most a utf-8 charset.
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i

const checkMediaType = (request: FastifyRequest): void => {
  const count = request.raw.rawHeaders.filter(
    (name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type',
  ).length
  if (count !== 1 || !JSON_TYPE.test(request.headers['content-type'] ?? '')) throw coreFault('wrong_media_type')
}

const translate = (error: unknown, log: Log): Fault => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return coreFault('too_large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return coreFault('wrong_media_type')
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return coreFault('invalid_input', { cause: error })
  log.error({ err: error }, 'unexpected error at the HTTP edge')
  return coreFault('internal', { cause: error })
}

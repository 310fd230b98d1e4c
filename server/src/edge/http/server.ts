import { isUtf8 } from 'node:buffer'
import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../kit/clock.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import { type Random, timedId } from '../../kit/random.ts'
import { faultOfBody } from './body-fault.ts'
import { type ClientCertificates, NO_CERTIFICATES } from './client-certificates.ts'
import type { Door } from './door.ts'
import { createHangUp } from './hang-up.ts'
import { endTogether } from './listeners.ts'
import { takePlainConnections } from './plain-connections.ts'
import { sendProblem } from './problem.ts'
import { NO_REGIONS, type Regions } from './regions.ts'
import { parseStrictJson } from './strict-json.ts'
import type { TlsFiles } from './tls-files.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the addresses of callers are. */
    readonly regions: Regions
    /** Which certificates callers show. */
    readonly certificates: ClientCertificates
    /** Where callers are asked for a certificate, when that is apart from where everybody else calls. */
    readonly mtls: HttpServer | undefined
  }
}

/** What an ordinary route reads of a body. */
export const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
// With the time until the next check, and a second for a busy machine, nobody slow stays longer than ten.
const REQUEST_MS_MAX = 7_500
// Often, so that of thousands who came together few are cut in one turn: everybody else waits for that turn.
const CHECK_EVERY_MS = 200
const CONNECTIONS_MAX = 20_000
const LIMITS = {
  maxHeaderSize: HEADER_BYTES_MAX,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  headersTimeout: REQUEST_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  keepAliveTimeout: 30_000,
}

/**
 * The HTTP server without routes: limits, strict parsing, and every error as problem details.
 * Slow senders and slow readers are cut after ten seconds; Node's own defaults would let them sit for minutes.
 */
export const createHttp = (given: {
  issuer(): string
  trustedProxies: readonly string[]
  regions?: Regions
  certificates?: ClientCertificates | undefined
  /** Speaks TLS with these, and asks callers for a certificate that they need not have. */
  tls?: TlsFiles | undefined
  /** Asks them at another listener, and nobody at the first (RFC 8705 §5). */
  asksApart?: boolean
  random: Random
  clock: Clock
  log: Log
  door: Door
}): FastifyInstance => {
  const { issuer, random, clock, log, door } = given
  let mtls: HttpServer | undefined
  const refused = new WeakSet<Socket>()
  const { answered, hangUp } = createHangUp()
  const http = Fastify({
    logger: false,
    clientErrorHandler: hangUp,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: given.trustedProxies.length === 0 ? false : [...given.trustedProxies],
    forceCloseConnections: 'idle',
    // A request that came before its connection was closed is answered as any other.
    return503OnClosing: false,
    // Every event names its request, in an index of the log.
    genReqId: () => timedId(random, 'req', clock.now()),
    requestIdHeader: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false, caseSensitive: true },
    serverFactory: (handle) => {
      const listen = (asksClients: boolean): HttpServer => {
        const server = listenerOf(given.tls, asksClients, (request, response) => {
          // RFC 9112 §9.6: nothing is read as a request behind one whose end is not known for sure; its answer ends the connection.
          if (refused.has(request.socket)) return
          const pass = (): void => {
            // Looked at before the framework, which answers an address that it cannot read without asking anybody.
            if (isAmbiguous(request)) {
              refused.add(request.socket)
              response.setHeader('connection', 'close')
            }
            handle(request, response)
          }
          // A server that is about to end tells whoever keeps a connection open; the framework does that. What reads two ways is
          // refused at once: nothing behind it may be read while it waits.
          const isTaken = server.listening && !isAmbiguous(request) && door.take(request, response, pass)
          if (!isTaken) pass()
        })
        server.maxConnections = CONNECTIONS_MAX
        // Node would answer it alone and read on: nobody has looked whether its end is known.
        server.on('checkExpectation', ({ socket }, response) => {
          if (refused.has(socket)) return
          refused.add(socket)
          response.writeHead(417, { connection: 'close' }).end()
        })
        return server
      }
      const { tls, asksApart = false } = given
      const server = listen(tls?.asksClients === true && !asksApart)
      // Behind a handshake Node's server does not take over what another began to read.
      if (tls === undefined) takePlainConnections(server, { door, clock, idleMsMax: LIMITS.keepAliveTimeout })
      if (asksApart) {
        mtls = listen(true)
        mtls.on('clientError', hangUp)
        endTogether(server, mtls)
      }
      return server
    },
  })
  http.decorate('mtls', mtls)
  http.decorate('regions', given.regions ?? NO_REGIONS)
  http.decorate('certificates', given.certificates ?? NO_CERTIFICATES)
  http.removeAllContentTypeParsers()
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      checkMediaType(request)
      done(null, parseStrictJson(decodeBody(body)))
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable body'))
    }
  })
  http.addHook('onRequest', (request, reply, done) => refuseAmbiguous(request, reply, done))
  http.addHook('onRequest', (_request, { raw }, done) => {
    door.slowReaders.watch(raw)
    done()
  })
  http.addHook('onClose', async () => door.slowReaders.stop())
  tellRoutes(http, log)
  http.addHook('onRequest', ({ raw, routeOptions: { url } }, _reply, done) => {
    // Written in another way, a path would lead around what stands before the work.
    const isOther = url !== undefined && door.isLimited(url) && raw.url?.split('?', 1)[0] !== url
    done(isOther ? coreFault('unknown_operation') : undefined)
  })
  // Without promises: these two hooks run for every request, and a token takes a tenth of a millisecond in all.
  http.addHook('onSend', (request, reply, _payload, done) => {
    door.answered(request.raw)
    answered(request.raw)
    if (reply.statusCode === 413 && isReadToItsEnd(request)) reply.removeHeader('connection')
    // Where a protocol has the caller name its request, the name is already there.
    if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    done()
  })
  http.setNotFoundHandler((request, reply) => sendProblem(reply, unknown(http, request), issuer(), request.id))
  http.setErrorHandler((error, request, reply) => {
    const fault = error instanceof Fault ? error : translate(error, log)
    return sendProblem(reply, fault, issuer(), request.id)
  })
  return http
}

/**
 * Whether a body that is too large is read to its end and dropped. Whoever is cut while it still sends mostly never sees its
 * answer (RFC 9112 §9.6); a body that takes too long is cut as any other.
 */
const isReadToItsEnd = ({ headers }: FastifyRequest): boolean => Number(headers['content-length']) <= DROPPED_BYTES_MAX

const DROPPED_BYTES_MAX = 16 * BODY_BYTES_MAX

/** What is asked for is not there; who asked by the wrong method for what is there is told the right one. */
const unknown = (http: FastifyInstance, { method, url }: FastifyRequest): Fault => {
  const other = method === 'GET' ? 'POST' : 'GET'
  const isThere = http.hasRoute({ method: other, url: url.split('?')[0] ?? '' })
  return coreFault('unknown_operation', isThere ? { about: `this one is asked for by ${other}` } : {})
}

const listenerOf = (tls: TlsFiles | undefined, asksClients: boolean, listener: RequestListener): HttpServer => {
  const options = tls?.server()
  if (tls === undefined || options === undefined) return createServer(LIMITS, listener)
  // Whoever shows a certificate has proven its key; whom that proves is not for this layer to say. The chain that it shows is
  // checked by OpenSSL first, on this thread, whatever keys are in it: who needs none of that asks nobody.
  const asked = { requestCert: asksClients, rejectUnauthorized: false, handshakeTimeout: REQUEST_MS_MAX }
  const server = createTlsServer({ ...LIMITS, ...options, ...asked }, listener)
  tls.onRenewed((renewed) => server.setSecureContext(renewed))
  // A connection is what uses the files.
  server.on('connection', () => tls.server())
  return server
}

/**
 * A request reads one way only. RFC 9112 §3.2: two hosts are none; §6.1: with a transfer coding that we do not know it
 * may end elsewhere for somebody on the way; RFC 9110 §8.4: a body that is coded is not what its type says.
 */
const isAmbiguous = (request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): boolean => {
  const transfer = request.headers['transfer-encoding']
  return (transfer !== undefined && transfer.toLowerCase() !== 'chunked') || countOf(request, 'host') > 1
}

const refuseAmbiguous = ({ raw }: FastifyRequest, reply: FastifyReply, done: (fault?: Fault) => void): void => {
  const content = raw.headers['content-encoding']
  if (isAmbiguous(raw)) {
    reply.header('connection', 'close')
    done(coreFault('invalid_input', { places: [{ pointer: '', detail: 'chunked, and one host, or nothing' }] }))
  } else done(content === undefined || content === 'identity' ? undefined : coreFault('wrong_media_type'))
}

/** An operation's own schemas judge what comes and goes; Fastify would load a validator's and a serializer's compiler. */
const noSchemas = () => () => {
  throw new Error('a route of this server has no schemas')
}

/** What this server answers, once and for whoever asks for that much detail: the list that an operator compares. */
const tellRoutes = (http: FastifyInstance, log: Log): void => {
  const routes: string[] = []
  http.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push(`${each} ${url}`)
  })
  http.addHook('onListen', async () => log.debug({ routes }, 'routes'))
}

/** RFC 8259 §8.1: UTF-8, and no byte order mark; a parser that mends what is not would read something else than we do. */
export const decodeBody = (body: string | Buffer): string => {
  if (typeof body === 'string') return body
  // Looked at first and then made a text takes a seventh of a decoder that refuses.
  if (isUtf8(body)) return body.toString('utf8')
  throw coreFault('invalid_input', { places: [{ pointer: '', detail: 'the body is not UTF-8' }] })
}

// Fastify matches a media type loosely; ours is one value, once, with at most a utf-8 charset.
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i

/** How often a header stands in the request; Node joins or drops what is there twice. */
const countOf = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): number =>
  rawHeaders.filter((text, at) => at % 2 === 0 && text.length === name.length && text.toLowerCase() === name).length

const checkMediaType = (request: FastifyRequest): void => {
  if (countOf(request.raw, 'content-type') !== 1 || !JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw coreFault('wrong_media_type')
}

const translate = (error: unknown, log: Log): Fault => {
  const fault = faultOfBody(error)
  if (fault !== undefined) return fault
  log.error({ err: error }, 'unexpected error at the HTTP edge')
  return coreFault('internal', { cause: error })
}

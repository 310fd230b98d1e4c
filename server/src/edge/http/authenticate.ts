import type { FastifyRequest } from 'fastify'
import type { ShownSender } from '../../broker/index.ts'
import { addressBlock } from '../../kit/address-block.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Limiter } from '../../kit/limiter.ts'
import { lookAgain } from '../../kit/look-again.ts'
import type { Caller, Narrowing, RoleHeld } from '../../kit/operation.ts'
import type { Actor, Workflow } from '../../ledger/event.ts'
import type { FailureLimit } from './failure-limit.ts'
import type { Authenticate } from './routes.ts'

/** What a proof says of its bearer. */
export interface Proven {
  readonly actor: Actor
  readonly roles: readonly RoleHeld[]
  readonly credential: string | null
  readonly instance: string | null
  readonly token: string | null
  readonly workflow: Workflow | null
  /** Of a session that was narrowed when it was opened. */
  readonly narrowedTo?: Narrowing | null
}

/** The ways in: a person's session, and an identity's access token, which may be bound. Each throws a fault that says why not. */
export interface Proofs {
  session(token: string, now: Date): Promise<Proven>
  /** By the key and the certificate that the request proved to hold. */
  accessToken(token: string, now: Date, shown: ShownSender): Promise<Proven>
  /** The key that this proof says its sender holds; the proof is used up. */
  sender(
    proof: string | undefined,
    request: { readonly method: string; readonly urls: readonly string[]; readonly token: string },
    x5t: string | undefined,
  ): Promise<string>
}

const SESSION_PREFIX = 'reeve_ps_'
const BEARER = /^Bearer ([\x21-\x7e]{1,8192})$/i
const DPOP = /^DPoP ([\x21-\x7e]{1,8192})$/i
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Authenticates requests by their Authorization header. Without a good proof a caller is anonymous. */
export const createAuthenticate = (given: {
  proofs: Proofs
  /** The URLs of this server, as its callers write them. */
  addresses(): readonly string[]
  now(): Date
  /** How far the memory that proofs are looked at in is true (`Changes.applied`). */
  applied(): number
  /** What failed proofs are told and recorded. */
  failures: FailureLimit
  /** Calls without any proof, by address. */
  anonymous: Limiter
}): Authenticate => {
  const { proofs, failures, anonymous } = given

  /** How the caller is found out, as often as need be; the proof of a key is looked at and used up once, here. */
  const proverOf = async (request: FastifyRequest, header: string): Promise<() => Promise<Proven>> => {
    const x5t = request.server.certificates.of(request.raw)?.thumbprint
    const bound = DPOP.exec(header)?.[1]
    if (bound !== undefined) {
      const urls = given.addresses().map((address) => address + request.url)
      const jkt = await proofs.sender(dpopOf(request), { method: request.method, urls, token: bound }, x5t)
      return () => proofs.accessToken(bound, given.now(), { jkt, x5t })
    }
    const token = BEARER.exec(header)?.[1] ?? ''
    return token.startsWith(SESSION_PREFIX)
      ? () => proofs.session(token, given.now())
      : () => proofs.accessToken(token, given.now(), { x5t })
  }

  return async (request) => {
    const header = request.headers.authorization
    if (header === undefined) {
      const waitSeconds = anonymous.take(addressBlock(request.ip))
      if (waitSeconds !== undefined) throw coreFault('limited', { retryAfterSeconds: waitSeconds })
      return callerOf(request, ANONYMOUS)
    }
    try {
      const prove = await proverOf(request, header)
      const { found, stillProven } = await lookAgain(prove, given.applied)
      return { ...callerOf(request, found), stillProven }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      // Nobody, then: the pipeline refuses with this reason and records it, as it does every refusal.
      const retryAfterSeconds = failures.failed(request.ip, null)
      if (retryAfterSeconds > 0) throw coreFault('limited', { retryAfterSeconds })
      return { ...callerOf(request, ANONYMOUS), refusal: error }
    }
  }
}

/** Who proved nothing. */
export const ANONYMOUS: Proven = {
  actor: { principalType: 'anonymous', id: null, name: null },
  roles: [],
  credential: null,
  instance: null,
  token: null,
  workflow: null,
}

const callerOf = (request: FastifyRequest, proven: Proven): Caller => ({
  ...proven,
  source: sourceOf(request),
  requestId: request.id,
  traceparent: traceparentOf(request.headers.traceparent),
})

/** Where a request came from; behind a trusted proxy the address that the proxy saw, and the region of that. */
export const sourceOf = (request: FastifyRequest): Caller['source'] =>
  sourceFrom(request.ip, request.server.regions.of(request.ip), request.headers['user-agent'])

/** The same of an address and its region, and what the program there says it is. */
export const sourceFrom = (ip: string, region: string | null, userAgent: string | undefined): Caller['source'] => ({
  ip,
  region,
  userAgent: productsOf(userAgent),
})

const USER_AGENT_MAX = 200
// Words and versions; what mixes letters and digits in one long run is no name that anybody gave a program.
const PRODUCT =
  /^(?:[A-Za-z][A-Za-z._-]{0,29}|[A-Za-z][A-Za-z0-9]{0,5})\/v?\d{1,6}(?:\.\d{1,6}){0,4}(?:[-+.][a-z]{1,8}\d{0,4})?$/
const BARE_PRODUCT = /^[A-Za-z][A-Za-z-]{0,19}$/

/**
 * The products that a User-Agent names (RFC 9110 §10.1.5), without its comments: whatever else somebody puts there, a
 * key by mistake or a line for the log on purpose, is not kept.
 */
const productsOf = (header: string | undefined): string | null => {
  if (header === undefined) return null
  const words = header.slice(0, 1000).split(' ')
  const products = words.filter((word, at) => PRODUCT.test(word) || (at === 0 && BARE_PRODUCT.test(word)))
  return products.join(' ').slice(0, USER_AGENT_MAX) || null
}

/** A W3C trace context in its one fixed form; anything else is dropped. */
export const traceparentOf = (header: string | string[] | undefined): string | null =>
  typeof header === 'string' && TRACEPARENT.test(header) ? header : null

/** The DPoP proof of a request: of two headers Node makes one with a comma, which is no proof. */
export const dpopOf = ({ headers }: FastifyRequest): string | undefined => {
  const { dpop } = headers
  return typeof dpop === 'string' ? dpop : undefined
}

import type { FastifyInstance } from 'fastify'
import { coreFault } from '../../kit/fault.ts'
import type { Limiter } from '../../kit/limiter.ts'
import { addressBlock } from './address-block.ts'

// Operations and token endpoints have limiters of their own. Probes and verifiers stand on the others: what they get is
// a text from memory, and refusing it would turn a flood into an outage of everybody who checks tokens.
const LIMITED_ELSEWHERE_OR_NEVER = [
  '/v1/',
  '/access/v1/',
  '/oauth/',
  '/audit/',
  '/ssf/',
  '/livez',
  '/healthz',
  '/readyz',
  '/.well-known/',
  '/revocations',
  '/status-lists/',
]

/** Limits by address what anybody may ask and what costs something to answer: metrics, documents, and what is not there. */
export const limitPublic = (http: FastifyInstance, limiter: Limiter): void => {
  http.addHook('onRequest', (request, _reply, done) => {
    const url = request.routeOptions.url
    const isLimited = url === undefined || !LIMITED_ELSEWHERE_OR_NEVER.some((start) => url.startsWith(start))
    const waitSeconds = isLimited ? limiter.take(addressBlock(request.ip)) : undefined
    done(waitSeconds === undefined ? undefined : coreFault('limited', { retryAfterSeconds: waitSeconds }))
  })
}

import type { FastifyInstance } from 'fastify'
import { addressBlock } from '../../kit/address-block.ts'
import { coreFault } from '../../kit/fault.ts'
import type { Limiter } from '../../kit/limiter.ts'

// Operations and token endpoints have limiters of their own.
const LIMITED_ELSEWHERE = ['/v1/', '/access/v1/', '/oauth/', '/audit/', '/ssf/']

// Probes and verifiers stand on these: what they get is a text from memory, and hundreds may come from behind one
// address. So their limit is a flood's, and a flood of one kind leaves the other alone.
const STOOD_ON = {
  probe: ['/livez', '/healthz', '/readyz'],
  verifier: ['/.well-known/', '/revocations', '/status-lists/'],
}

/** How often an address may ask: `calls` for what costs something to answer, and `floods` for what others stand on. */
export interface PublicLimiters {
  readonly calls: Limiter
  readonly floods: Limiter
}

/** Limits by address what anybody may ask: metrics, documents, what is not there; and, far higher, what others stand on. */
export const limitPublic = (http: FastifyInstance, { calls, floods }: PublicLimiters): void => {
  http.addHook('onRequest', (request, _reply, done) => {
    const url = request.routeOptions.url
    const kind = url === undefined ? undefined : kindOf(url)
    if (kind === 'elsewhere') return done()
    const block = addressBlock(request.ip)
    const waitSeconds = kind === undefined ? calls.take(block) : floods.take(`${kind} ${block}`)
    done(waitSeconds === undefined ? undefined : coreFault('limited', { retryAfterSeconds: waitSeconds }))
  })
}

const kindOf = (url: string): 'elsewhere' | keyof typeof STOOD_ON | undefined => {
  const isIn = (starts: readonly string[]): boolean => starts.some((start) => url.startsWith(start))
  if (isIn(LIMITED_ELSEWHERE)) return 'elsewhere'
  if (isIn(STOOD_ON.probe)) return 'probe'
  return isIn(STOOD_ON.verifier) ? 'verifier' : undefined
}

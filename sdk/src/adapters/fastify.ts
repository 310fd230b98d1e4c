import type { RequestLike } from '../verifier/bearer.ts'
import type { VerifiedToken } from '../verifier/verified-token.ts'
import type { Use, Verifier } from '../verifier/verifier.ts'
import { VerifyError } from '../verify-error.ts'
import { createTokenShelf, metadataOf, refusalAnswer } from './answer.ts'

type FastifyRequest = RequestLike & { readonly ip: string }
type FastifyReply = {
  code(status: number): FastifyReply
  headers(values: Record<string, string>): FastifyReply
  send(body: string): unknown
}

/**
 * A hook for Fastify that lets only verified tokens through.
 *
 * @example
 * const guard = fastifyGuard(verifier)
 * app.get('/orders', { onRequest: guard({ action: 'orders.read' }) }, (request) => list(guard.token(request).identity))
 */
export const fastifyGuard = (verifier: Verifier) => {
  const shelf = createTokenShelf<FastifyRequest, VerifiedToken>()
  const metadata = (_request: unknown, reply: FastifyReply) =>
    reply.headers(metadataOf(verifier).headers).send(metadataOf(verifier).body)
  const guard =
    (use: Use = {}) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        shelf.put(request, await verifier.verify(request, { ip: request.ip, ...use }))
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        const { status, headers, body } = refusalAnswer(error)
        return reply.code(status).headers(headers).send(body)
      }
    }
  return Object.assign(guard, { token: shelf.token, metadata })
}

import type { VerifiedToken } from '../verifier/verified-token.ts'
import type { Use, Verifier } from '../verifier/verifier.ts'
import { VerifyError } from '../verify-error.ts'
import { createTokenShelf, metadataOf, refusalAnswer } from './answer.ts'
import { presentedBy } from './kept-socket.ts'

type HonoContext = { readonly req: { readonly raw: Request }; readonly env?: unknown }

/**
 * A middleware for Hono that lets only verified tokens through; pass the caller's address as `ip` where you know it.
 *
 * @example
 * const guard = honoGuard(verifier)
 * app.get('/orders', guard({ action: 'orders.read' }), (c) => c.json(list(guard.token(c).identity)))
 */
export const honoGuard = (verifier: Verifier) => {
  const shelf = createTokenShelf<HonoContext, VerifiedToken>()
  const metadata = (): Response => new Response(metadataOf(verifier).body, metadataOf(verifier))
  const guard =
    (use: Use = {}) =>
    async (c: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
      try {
        shelf.put(c, await verifier.verify(presentedBy(c), use))
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        const { status, headers, body } = refusalAnswer(error)
        return new Response(body, { status, headers })
      }
      await next()
      return undefined
    }
  return Object.assign(guard, { token: shelf.token, metadata })
}

import type { RequestLike } from '../verifier/bearer.ts'
import type { VerifiedToken } from '../verifier/verified-token.ts'
import type { Use, Verifier } from '../verifier/verifier.ts'
import { VerifyError } from '../verify-error.ts'
import { createTokenShelf, metadataOf, refusalAnswer } from './answer.ts'

type ExpressRequest = RequestLike & { readonly ip?: string | undefined }
type ExpressResponse = {
  status(code: number): ExpressResponse
  set(headers: Record<string, string>): ExpressResponse
  send(body: string): unknown
}

/**
 * A middleware for Express that lets only verified tokens through.
 *
 * @example
 * const guard = expressGuard(verifier)
 * app.get('/orders', guard({ action: 'orders.read' }), (req, res) => res.json(list(guard.token(req).identity)))
 */
export const expressGuard = (verifier: Verifier) => {
  const shelf = createTokenShelf<ExpressRequest, VerifiedToken>()
  const metadata = (_req: unknown, res: ExpressResponse) =>
    res.set(metadataOf(verifier).headers).send(metadataOf(verifier).body)
  const guard =
    (use: Use = {}) =>
    async (req: ExpressRequest, res: ExpressResponse, next: (error?: unknown) => void): Promise<void> => {
      try {
        shelf.put(req, await verifier.verify(req, { ip: req.ip, ...use }))
      } catch (error) {
        if (!(error instanceof VerifyError)) return next(error)
        const { status, headers, body } = refusalAnswer(error)
        res.status(status).set(headers).send(body)
        return
      }
      next()
    }
  return Object.assign(guard, { token: shelf.token, metadata })
}

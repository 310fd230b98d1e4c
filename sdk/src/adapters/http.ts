import type { IncomingMessage, ServerResponse } from 'node:http'
import type { VerifiedToken } from '../verifier/verified-token.ts'
import type { Use, Verifier } from '../verifier/verifier.ts'
import { VerifyError } from '../verify-error.ts'
import { metadataOf, refusalAnswer } from './answer.ts'

/**
 * Wraps a listener of node:http, which then gets the verified token as its third argument.
 *
 * @example
 * const guard = httpGuard(verifier)
 * createServer(guard({ action: 'orders.read' }, (req, res, token) => res.end(list(token.identity))))
 */
export const httpGuard = (verifier: Verifier) => {
  const metadata = (_req: unknown, res: ServerResponse) =>
    res.writeHead(200, metadataOf(verifier).headers).end(metadataOf(verifier).body)
  const guard =
    (use: Use, serve: (req: IncomingMessage, res: ServerResponse, token: VerifiedToken) => unknown) =>
    async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      let token: VerifiedToken
      try {
        token = await verifier.verify(req, { ip: req.socket.remoteAddress, ...use })
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        const { status, headers, body } = refusalAnswer(error)
        res.writeHead(status, headers).end(body)
        return
      }
      await serve(req, res, token)
    }
  return Object.assign(guard, { metadata })
}

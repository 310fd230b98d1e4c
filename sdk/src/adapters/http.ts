import type { VerifiedToken } from '../verifier/verified-token.ts'
import type { Use, Verifier } from '../verifier/verifier.ts'
import { VerifyError } from '../verify-error.ts'
import { refusalAnswer } from './answer.ts'

type HttpRequest = {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly socket: { readonly remoteAddress?: string | undefined }
}
type HttpResponse = { writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown } }

/**
 * Wraps a listener of node:http, which then gets the verified token as its third argument.
 *
 * @example
 * const guard = httpGuard(verifier)
 * createServer(guard({ action: 'orders.read' }, (req, res, token) => res.end(list(token.identity))))
 */
export const httpGuard =
  (verifier: Verifier) =>
  <Req extends HttpRequest, Res extends HttpResponse>(
    use: Use,
    serve: (req: Req, res: Res, token: VerifiedToken) => unknown,
  ) =>
  async (req: Req, res: Res): Promise<void> => {
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

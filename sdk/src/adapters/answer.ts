import type { ResourceMetadata } from '../verifier/resource-metadata.ts'
import type { Verifier } from '../verifier/verifier.ts'
import type { VerifyError } from '../verify-error.ts'

/** What to answer a refused request with, for any framework (RFC 6750 §3, RFC 9457). */
export const refusalAnswer = (
  error: VerifyError,
): { status: 400 | 401 | 403 | 503; headers: Record<string, string>; body: string } => ({
  status: error.status,
  headers: {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'www-authenticate': error.wwwAuthenticate,
    ...(error.dpopNonce === undefined ? {} : { 'dpop-nonce': error.dpopNonce }),
    ...(error.status === 503 ? { 'retry-after': '5' } : {}),
  },
  body: JSON.stringify(error.toProblem()),
})

/** The document of the resource behind a guard; throws where its verifier was told of none. */
export const metadataOf = ({ metadata }: Pick<Verifier, 'metadata'>): ResourceMetadata => {
  if (metadata === undefined) throw new Error('the verifier was made without `metadata`, so there is none to serve')
  return metadata
}

/** Keeps the verified token beside a request, without touching the request. */
export const createTokenShelf = <Request extends object, Token>() => {
  const shelf = new WeakMap<Request, Token>()
  return {
    put: (request: Request, token: Token): void => {
      shelf.set(request, token)
    },
    /** The token of a request that a guard let through; throws when there was no guard. */
    token: (request: Request): Token => {
      const token = shelf.get(request)
      if (token === undefined) throw new Error('this route has no guard, so its caller is not known')
      return token
    },
  }
}

import { VerifyError } from '../verify-error.ts'
import type { RequestLike } from './bearer.ts'

/** The address under which a client sees this server, as far as it is set. */
export type ExternalUrl = string | undefined

/** What a proof is compared with. */
export interface RequestFacts {
  readonly method: string
  readonly url: string
}

/** The method and the address of a request as its client wrote them; undefined when the request does not say them. */
export const requestFacts = (request: RequestLike, external: ExternalUrl): RequestFacts | undefined => {
  const { method } = request
  // Express and Fastify cut or rewrite `url`; what came is kept beside it.
  const target = request.originalUrl ?? request.url
  if (typeof method !== 'string' || typeof target !== 'string') return undefined
  const origin = absoluteForm.exec(target)?.[0] ?? ''
  const path = target.slice(origin.length)
  // `*`, or what a router could take for another path than we do.
  if (!path.startsWith('/')) return undefined
  if (external !== undefined) return { method, url: external + path }
  if (origin !== '') return { method, url: target }
  const host = headerOf(request.headers, 'host')
  return host === undefined || !hostForm.test(host)
    ? undefined
    : { method, url: `${schemeOf(request)}://${host}${path}` }
}

const absoluteForm = /^https?:\/\/[^/?#\\]+(?=\/)/i
// INVARIANT: a name and a port. `orders.example/orders?` would take the path of the request out of what is compared.
const hostForm = /^(?:[a-z0-9._~-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

/** One header, given once. */
export const headerOf = (headers: RequestLike['headers'], name: string): string | undefined => {
  if (isHeaders(headers)) return headers.get(name) ?? undefined
  const value = headers[name]
  if (value === undefined || typeof value === 'string') return value
  // Two headers: two readers could each take another one.
  throw new VerifyError('request_malformed')
}

const isHeaders = (headers: RequestLike['headers']): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function'

// A header of a proxy is believed only by a framework that was told to.
const schemeOf = ({ protocol, socket }: RequestLike): string => {
  if (protocol === 'http' || protocol === 'https') return protocol
  return socket !== undefined && 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
}

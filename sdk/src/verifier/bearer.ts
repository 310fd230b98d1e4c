import { VerifyError } from '../verify-error.ts'
import { tokenCharactersMax } from './compact.ts'

/** Anything that carries an authorization header: a fetch Request, a Node request, a Fastify, Express or Hono request. */
export interface RequestLike {
  readonly headers:
    | { get(name: string): string | null }
    | { readonly [name: string]: string | readonly string[] | undefined }
}

/** What can be verified: a token, the value of an authorization header, or a request. */
export type Presented = string | RequestLike | null | undefined

/** The bearer token that was presented (RFC 6750 §2.1); tokens in a query or a body are not looked for. */
export const bearerToken = (presented: Presented): string => {
  if (typeof presented === 'string') return presented.includes(' ') ? fromHeader(presented) : fromText(presented)
  const header = presented === null || presented === undefined ? undefined : authorization(presented.headers)
  if (header === undefined) throw new VerifyError('token_missing')
  return fromHeader(header)
}

const headerCharactersMax = tokenCharactersMax + 64

const fromText = (token: string): string => {
  if (token === '') throw new VerifyError('token_missing')
  return token
}

const authorization = (headers: RequestLike['headers']): string | undefined => {
  if (isHeaders(headers)) return headers.get('authorization') ?? undefined
  const value = headers.authorization
  if (value === undefined || typeof value === 'string') return value
  // Two headers: two readers could each take another one.
  throw new VerifyError('request_malformed')
}

const isHeaders = (headers: RequestLike['headers']): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function'

const fromHeader = (header: string): string => {
  // Before anything looks through it.
  if (header.length > headerCharactersMax) throw new VerifyError('token_too_large')
  const space = header.indexOf(' ')
  const scheme = space === -1 ? header : header.slice(0, space)
  // Another scheme is no bearer credential at all, which is not an error of this one.
  if (scheme.toLowerCase() !== 'bearer') throw new VerifyError('token_missing')
  const token = space === -1 ? '' : header.slice(space + 1).trim()
  if (token === '' || /[\s,]/.test(token)) throw new VerifyError('request_malformed')
  return token
}

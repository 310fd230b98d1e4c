import { type PresentedScheme, VerifyError } from '../verify-error.ts'
import { tokenCharactersMax } from './compact.ts'
import { headerOf } from './request-facts.ts'

/** Anything that carries an authorization header: a fetch Request, a Node request, a Fastify, Express or Hono request. */
export interface RequestLike {
  readonly headers:
    | { get(name: string): string | null }
    | { readonly [name: string]: string | readonly string[] | undefined }
  /** These are needed for tokens that are bound to a key or a certificate. */
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  readonly protocol?: string | undefined
  readonly socket?: object | undefined
}

/** What can be verified: a token, the value of an authorization header, or a request. */
export type Presented = string | RequestLike | null | undefined

/** A token with the scheme under which it was presented. */
export interface PresentedToken {
  readonly scheme: PresentedScheme
  readonly token: string
}

/** The token that was presented (RFC 6750 §2.1, RFC 9449 §7.1); tokens in a query or a body are not looked for. */
export const presentedToken = (presented: Presented): PresentedToken => {
  if (typeof presented === 'string') return presented.includes(' ') ? fromHeader(presented) : fromText(presented)
  const header =
    presented === null || presented === undefined ? undefined : headerOf(presented.headers, 'authorization')
  if (header === undefined) throw new VerifyError('token_missing')
  return fromHeader(header)
}

const headerCharactersMax = tokenCharactersMax + 64

const fromText = (token: string): PresentedToken => {
  if (token === '') throw new VerifyError('token_missing')
  return { scheme: 'Bearer', token }
}

const fromHeader = (header: string): PresentedToken => {
  // Before anything looks through it.
  if (header.length > headerCharactersMax) throw new VerifyError('token_too_large')
  const space = header.indexOf(' ')
  const scheme = schemes[(space === -1 ? header : header.slice(0, space)).toLowerCase()]
  // Another scheme is no credential of these at all, which is not an error of one.
  if (scheme === undefined) throw new VerifyError('token_missing')
  const token = space === -1 ? '' : header.slice(space + 1).trim()
  if (token === '' || /[\s,]/.test(token)) throw new VerifyError('request_malformed')
  return { scheme, token }
}

const schemes: Readonly<Record<string, PresentedScheme>> = Object.assign(Object.create(null), {
  bearer: 'Bearer',
  dpop: 'DPoP',
})

import type { Fetch } from '../bounded-fetch.ts'
import { TokenError } from './token-error.ts'

/** Fetch with the bearer token, to the audience and the origins named, and nowhere else. */
export const authorizedFetch = ({
  token,
  drop,
  fetch,
  audience,
  origins,
}: {
  token: () => Promise<string>
  drop: (token: string) => void
  fetch: Fetch
  audience: string
  origins: readonly string[]
}): ((url: string | URL, init?: RequestInit) => Promise<Response>) => {
  const allowed = new Set([audience, ...origins].map(originOf).filter((origin) => origin !== undefined))

  return async (url, init = {}) => {
    const origin = originOf(String(url))
    // A token that is sent elsewhere is a token given away.
    if (origin === undefined || !allowed.has(origin))
      throw new TokenError('wrong_destination', 'the token is not for this destination; name it in origins if it is')
    const send = async (bearer: string): Promise<Response> => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${bearer}`)
      return fetch(String(url), { ...init, headers })
    }
    const sent = await token()
    const response = await send(sent)
    if (!saysInvalidToken(response)) return response
    drop(sent)
    // A body that was read once cannot be sent again.
    if (init.body instanceof ReadableStream) return response
    const next = await token().catch(() => undefined)
    if (next === undefined || next === sent) return response
    response.body?.cancel().catch(() => {})
    return send(next)
  }
}

const originOf = (url: string): string | undefined => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed.origin : undefined
}

/** RFC 6750 §3.1: the token is expired, revoked or malformed, so another one may do. */
const saysInvalidToken = (response: Response): boolean =>
  response.status === 401 && /\berror="?invalid_token"?/.test(response.headers.get('www-authenticate') ?? '')

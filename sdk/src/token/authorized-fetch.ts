import type { Fetch } from '../bounded-fetch.ts'
import type { Sender } from './sender.ts'
import { TokenError } from './token-error.ts'

/** Fetch with the token, to the audience and the origins named, and nowhere else. */
export const authorizedFetch = ({
  token,
  drop,
  sender,
  fetch,
  audience,
  origins,
}: {
  token: () => Promise<string>
  drop: (token: string) => void
  sender: Sender
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
    const once = async (held: string) => {
      const headers = new Headers(init.headers)
      const sent = await sender.present(methodOf(init), String(url), held)
      for (const [name, value] of Object.entries(sent.headers)) headers.set(name, value)
      const response = await fetch(String(url), { ...init, headers })
      const isToRepeat = sent.hear(response.headers, saysError(response, 'use_dpop_nonce'))
      return { response, isToRepeat: isToRepeat && isRepeatable }
    }
    // A body that was read once cannot be sent again.
    const isRepeatable = !(init.body instanceof ReadableStream)
    const send = async (held: string): Promise<Response> => {
      const { response, isToRepeat } = await once(held)
      if (!isToRepeat) return response
      response.body?.cancel().catch(() => {})
      return (await once(held)).response
    }
    const sent = await token()
    const response = await send(sent)
    // RFC 6750 §3.1: the token is expired, revoked or malformed, so another one may do.
    if (!saysError(response, 'invalid_token')) return response
    drop(sent)
    if (!isRepeatable) return response
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

/** The method as fetch sends it: it writes these in capitals, and leaves others as they are. */
const methodOf = ({ method = 'GET' }: RequestInit): string =>
  /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method

const saysError = (response: Response, error: 'invalid_token' | 'use_dpop_nonce'): boolean => {
  if (response.status !== 401) return false
  const challenges = response.headers.get('www-authenticate') ?? ''
  return [`error="${error}"`, `error=${error}`].some((said) => challenges.includes(said))
}

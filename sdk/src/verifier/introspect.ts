import { type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { isJsonObject } from '../strict-json.ts'
import { type ClientAuth, createClientAuth } from '../token/client-auth.ts'
import { issuerPaths } from '../wire.ts'

/** How a verifier asks the issuer about one token when it does not know enough itself. */
export interface IntrospectOptions {
  readonly clientId: string
  readonly auth: ClientAuth
}

/** Asks the issuer whether a token is active (RFC 7662 §2); the same token is asked for once at a time. */
export const createIntrospection = ({
  issuer,
  introspect,
  fetch,
  clock,
  random,
  signal,
}: {
  issuer: string
  introspect: IntrospectOptions
  fetch: Fetch
  clock: Clock
  random: Random
  signal: AbortSignal
}): ((token: string) => Promise<boolean>) => {
  const authenticate = createClientAuth({ issuer, ...introspect, clock, random })
  const asking = new Map<string, Promise<boolean>>()

  const ask = async (token: string): Promise<boolean> => {
    const proof = await authenticate()
    const answer = await fetchText({ fetch, clock }, issuer + issuerPaths.introspection, {
      method: 'POST',
      headers: { ...proof.headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token', ...proof.form }).toString(),
      signal,
    })
    if (answer.status !== 200) throw new Unreachable(`introspection answered ${answer.status}`)
    const body: unknown = JSON.parse(answer.text)
    return isJsonObject(body) && body.active === true
  }

  return (token) => {
    const known = asking.get(token)
    if (known !== undefined) return known
    const asked = ask(token).finally(() => asking.delete(token))
    asking.set(token, asked)
    return asked
  }
}

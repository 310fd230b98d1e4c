import { type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { type ClientAuth, createClientAuth } from '../token/client-auth.ts'
import { issuerPaths } from '../wire.ts'

/** How a verifier asks the issuer about one token when it does not know enough itself. */
export interface IntrospectOptions {
  readonly clientId: string
  readonly auth: ClientAuth
}

/** Asks the issuer about what the form names (RFC 7662 §2); gives what it answered. */
export const createIntrospector = ({
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
}): ((form: Readonly<Record<string, string>>) => Promise<JsonObject>) => {
  const authenticate = createClientAuth({ issuer, ...introspect, clock, random })
  return async (form) => {
    const proof = await authenticate()
    const answer = await fetchText({ fetch, clock }, issuer + issuerPaths.introspection, {
      method: 'POST',
      headers: { ...proof.headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ ...form, ...proof.form }).toString(),
      signal,
    })
    if (answer.status !== 200) throw new Unreachable(`introspection answered ${answer.status}`)
    const body: unknown = JSON.parse(answer.text)
    // What says nothing says that nothing is active.
    return isJsonObject(body) ? body : {}
  }
}

/** Asks whether a token is active; the same token is asked for once at a time. */
export const createIntrospection = (
  ask: ReturnType<typeof createIntrospector>,
): ((token: string) => Promise<boolean>) => {
  const asking = new Map<string, Promise<boolean>>()
  return (token) => {
    const known = asking.get(token)
    if (known !== undefined) return known
    const asked = ask({ token, token_type_hint: 'access_token' })
      .then(({ active }) => active === true)
      .finally(() => asking.delete(token))
    asking.set(token, asked)
    return asked
  }
}

import { boundedBy, type Fetch, fetchText } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'

/** Whatever gives a token for the issuer; a token source does. */
export interface TokenGiver {
  token(): Promise<string>
  /** How the token is presented in this request; as a bearer token where it does not say. */
  headers?(request: { readonly method: string; readonly url: string }): Promise<Readonly<Record<string, string>>>
  /** Told when the issuer would not take the token. */
  drop?(token: string): void
}

/** Posts JSON to the issuer as the identity that serves the resource, and gives the status. */
export type IssuerCall = (path: string, body: unknown, idempotencyKey?: string) => Promise<number>

/** Calls in the name of one identity. */
export const createIssuerCall =
  ({ issuer, fetch, clock, as }: { issuer: string; fetch: Fetch; clock: Clock; as: TokenGiver }): IssuerCall =>
  async (path, body, idempotencyKey) => {
    const url = issuer + path
    const headers = await headersInTime(as, clock, { method: 'POST', url })
    const answer = await fetchText({ fetch, clock }, url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: JSON.stringify(body),
    })
    if (answer.status === 401) as.drop?.(tokenIn(headers))
    return answer.status
  }

/** The token in these headers. */
export const tokenIn = ({ authorization = '' }: Readonly<Record<string, string>>): string =>
  authorization.slice(authorization.indexOf(' ') + 1)

/** What presents a token of the giver, or an end to waiting for it. */
export const headersInTime = async (
  as: TokenGiver,
  clock: Clock,
  request: { readonly method: string; readonly url: string },
): Promise<Readonly<Record<string, string>>> => {
  const bound = boundedBy({ clock, timeoutMs: tokenMsMax })
  try {
    return await bound.before(
      as.headers === undefined
        ? as.token().then((token) => ({ authorization: `Bearer ${token}` }))
        : as.headers(request),
    )
  } finally {
    bound.release()
  }
}

const tokenMsMax = 10_000

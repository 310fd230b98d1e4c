import { boundedBy, type Fetch, fetchText } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'

/** Whatever gives a bearer token for the issuer. */
export interface TokenGiver {
  token(): Promise<string>
  /** Told when the issuer would not take the token. */
  drop?(token: string): void
}

/** Posts JSON to the issuer as the identity that serves the resource, and gives the status. */
export type IssuerCall = (path: string, body: unknown, idempotencyKey?: string) => Promise<number>

/** Calls in the name of one identity. */
export const createIssuerCall =
  ({ issuer, fetch, clock, as }: { issuer: string; fetch: Fetch; clock: Clock; as: TokenGiver }): IssuerCall =>
  async (path, body, idempotencyKey) => {
    const token = await tokenInTime(as, clock)
    const answer = await fetchText({ fetch, clock }, issuer + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: JSON.stringify(body),
    })
    if (answer.status === 401) as.drop?.(token)
    return answer.status
  }

/** A token of the giver, or an end to waiting for it. */
export const tokenInTime = async (as: TokenGiver, clock: Clock): Promise<string> => {
  const bound = boundedBy({ clock, timeoutMs: tokenMsMax })
  try {
    return await bound.before(as.token())
  } finally {
    bound.release()
  }
}

const tokenMsMax = 10_000

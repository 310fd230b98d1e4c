import { type CryptoKey, type JWTHeaderParameters, type JWTPayload, type KeyObject, SignJWT } from 'jose'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'

/** Who asks whom. */
export interface AssertionParties {
  readonly issuer: string
  readonly clientId: string
  readonly clock: Clock
  readonly random: Random
}

/** Signs a client assertion (RFC 7523 §3): with the issuer as the only audience, and a minute at most to live. */
export const signAssertion = (
  { issuer, clientId, clock, random }: AssertionParties,
  key: CryptoKey | KeyObject | Uint8Array,
  header: JWTHeaderParameters,
  claims: JWTPayload = {},
): Promise<string> => {
  const now = Math.floor(clock.nowMs() / 1000)
  return new SignJWT(claims)
    .setProtectedHeader(header)
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setJti(random.id())
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .sign(key)
}

const ASSERTION_SECONDS = 60

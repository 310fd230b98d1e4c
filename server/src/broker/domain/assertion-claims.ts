import type { JsonObject } from './compact-jwt.ts'

/** What a client assertion says, once its signature and its claims were found to be right. */
export interface AssertionClaims {
  readonly jti: string
  readonly expiresAtSeconds: number
  /** The running copy that signed it, when it says so. */
  readonly instance: string | undefined
}

/** What an assertion is held to. */
export interface AssertionRules {
  readonly clientId: string
  /** The issuer first, then the endpoint that is asked. */
  readonly audiences: readonly string[]
  readonly nowSeconds: number
}

// RFC 7523 §3: the server may refuse what lives too long.
const ASSERTION_SECONDS_MAX = 300
/** What clocks may differ. */
export const ASSERTION_SKEW_SECONDS = 60

/** The claims of a verified assertion (RFC 7523 §3), or undefined when one of them is missing or wrong. */
export const readAssertionClaims = (claims: JsonObject, rules: AssertionRules): AssertionClaims | undefined => {
  const { iss, sub, jti, exp, reeve_instance: instance } = claims
  if (iss !== rules.clientId || sub !== rules.clientId || !isForUs(claims.aud, rules.audiences)) return undefined
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_MAX || !isTimely(claims, rules.nowSeconds))
    return undefined
  if (typeof exp !== 'number' || (instance !== undefined && typeof instance !== 'string')) return undefined
  return { jti, expiresAtSeconds: exp, instance }
}

const JTI_MAX = 256

// One audience only: an assertion that is good at two servers can be replayed by one of them at the other.
const isForUs = (aud: unknown, audiences: readonly string[]): boolean => {
  const only: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof only === 'string' && audiences.includes(only)
}

const isTimely = ({ exp, iat, nbf }: JsonObject, now: number): boolean => {
  const isTime = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value > 0
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf))) return false
  const isBegun = iat <= now + ASSERTION_SKEW_SECONDS && (nbf ?? iat) <= now + ASSERTION_SKEW_SECONDS
  // No leeway at the end: what has expired is remembered as used only until then.
  return isBegun && iat <= exp && exp > now && exp <= now + ASSERTION_SECONDS_MAX + ASSERTION_SKEW_SECONDS
}

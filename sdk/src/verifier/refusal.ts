import { VerifyError } from '../verify-error.ts'
import type { AuthenticToken } from './authenticate.ts'

/** The rules of one verifier. */
export interface Rules {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly skewSeconds: number
}

/** Why an authentic token may not be used now, by what it says itself; judged anew at every use. */
export const claimRefusal = (
  { verified: { claims } }: AuthenticToken,
  { issuer, audiences, skewSeconds }: Rules,
  nowSeconds: number,
): VerifyError | undefined => {
  if (claims.iss !== issuer) return new VerifyError('wrong_issuer')
  if (!isFor(claims.aud, audiences)) return new VerifyError('wrong_audience')
  if (nowSeconds >= claims.exp + skewSeconds) return new VerifyError('token_expired')
  if (nowSeconds < Math.max(claims.iat, claims.nbf ?? 0) - skewSeconds) return new VerifyError('token_not_yet_valid')
  return undefined
}

/** What the token lacks for what it is used for. */
export const scopeRefusal = (held: readonly string[], required: readonly string[]): VerifyError | undefined =>
  required.every((scope) => held.includes(scope))
    ? undefined
    : new VerifyError('insufficient_scope', { requiredScopes: required })

/** One audience, alone: a token that is good at several resources could be replayed by each of them at the others. */
const isFor = (aud: string | readonly string[], audiences: readonly string[]): boolean => {
  const only = typeof aud === 'string' ? aud : aud.length === 1 ? aud[0] : undefined
  return only !== undefined && audiences.includes(only)
}

import type { JsonObject } from './compact-jwt.ts'
import { claimOf, type Platform, rulesOf } from './platform.ts'
import { isLabel } from './token-request.ts'

/** What clocks may differ. */
export const FOREIGN_SKEW_SECONDS = 60
/** No token that a platform made is believed for longer than this, whatever it says. */
const LIFE_SECONDS_MAX = 86_400
const JTI_MAX = 256

/** Why a token of another issuer is not in force now, in a sentence; undefined when it is. */
export const whyNotNow = ({ exp, iat, nbf }: JsonObject, nowSeconds: number): string | undefined => {
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf)))
    return 'it does not say when it was made and when it ends (iat, exp)'
  if (iat > nowSeconds + FOREIGN_SKEW_SECONDS || (nbf ?? iat) > nowSeconds + FOREIGN_SKEW_SECONDS)
    return 'it is not valid yet (iat, nbf)'
  if (exp <= nowSeconds - FOREIGN_SKEW_SECONDS) return 'it has expired (exp)'
  if (exp < iat || exp - iat > LIFE_SECONDS_MAX) return 'it lives for longer than a day (exp)'
  return undefined
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0

/** What a token says of the copy and the run that it was made for. */
export interface ForeignFacts {
  readonly jti: string | undefined
  readonly expiresAtSeconds: number
  readonly instance: string | undefined
  readonly workflow: string | undefined
  readonly repository: string | undefined
  readonly run: string | undefined
}

/** Reads them from claims that were verified; undefined when its name for itself cannot be kept. */
export const foreignFacts = (claims: JsonObject, platform: Platform): ForeignFacts | undefined => {
  const { jti, exp } = claims
  const rules = rulesOf(platform)
  const isNamed = typeof jti === 'string' && jti !== '' && jti.length <= JTI_MAX
  if (jti !== undefined && !isNamed) return undefined
  const label = (name: string | undefined): string | undefined => {
    const text = name === undefined ? undefined : claimOf(claims, name)
    return isLabel(text) ? text : undefined
  }
  return {
    jti: isNamed ? jti : undefined,
    expiresAtSeconds: typeof exp === 'number' ? exp : 0,
    instance: label(rules.instance),
    workflow: label(rules.workflow),
    repository: label(rules.repository),
    run: label(rules.run),
  }
}

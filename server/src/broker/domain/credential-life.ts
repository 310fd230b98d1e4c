import { type CredentialKind, rulesOfKind } from './credential-kind.ts'

/** What a tier says of the life of credentials, in days; 0 means refused without an exception. */
export interface LifeRules {
  readonly staticCredentialDaysMax: number
  readonly staticCredentialDaysByException: number
  readonly publicKeyDaysMax: number
}

/** The latest moment at which a credential may end: its tier's limit, and never after its identity or its exception. */
export const latestExpiry = (given: {
  readonly kind: CredentialKind
  readonly rules: LifeRules
  readonly now: Date
  readonly identityExpiresAt: Date
  readonly exceptionExpiresAt: Date | undefined
}): Date => {
  const { rules, exceptionExpiresAt } = given
  const daysOfSecret =
    exceptionExpiresAt === undefined ? rules.staticCredentialDaysMax : rules.staticCredentialDaysByException
  const days = rulesOfKind(given.kind).isStatic ? daysOfSecret : rules.publicKeyDaysMax
  const ends = [given.now.getTime() + days * DAY_MS, given.identityExpiresAt.getTime()]
  if (exceptionExpiresAt !== undefined) ends.push(exceptionExpiresAt.getTime())
  return new Date(Math.min(...ends))
}

/** A credential as its tier looks at it. */
export interface LivingCredential {
  readonly kind: CredentialKind
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly isByException: boolean
}

/** When a credential ends under the rules of the tier that its identity has now: a tier that rose shortens its life. */
export const endsUnder = (credential: LivingCredential, rules: LifeRules): number => {
  const { kind, createdAtMs, expiresAtMs, isByException } = credential
  const daysOfSecret = isByException ? rules.staticCredentialDaysByException : rules.staticCredentialDaysMax
  const days = rulesOfKind(kind).isStatic ? daysOfSecret : rules.publicKeyDaysMax
  return Math.min(expiresAtMs, createdAtMs + days * DAY_MS)
}

const DAY_MS = 86_400_000

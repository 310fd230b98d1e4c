/** What a tier says of the life of credentials, in days; 0 means refused without an exception. */
export interface LifeRules {
  readonly staticCredentialDaysMax: number
  readonly staticCredentialDaysByException: number
  readonly publicKeyDaysMax: number
}

/** The latest moment at which a credential may end: its tier's limit, and never after its identity or its exception. */
export const latestExpiry = (given: {
  readonly kind: 'public-key' | 'client-secret'
  readonly rules: LifeRules
  readonly now: Date
  readonly identityExpiresAt: Date
  readonly exceptionExpiresAt: Date | undefined
}): Date => {
  const { rules, exceptionExpiresAt } = given
  const daysOfSecret =
    exceptionExpiresAt === undefined ? rules.staticCredentialDaysMax : rules.staticCredentialDaysByException
  const days = given.kind === 'public-key' ? rules.publicKeyDaysMax : daysOfSecret
  const ends = [given.now.getTime() + days * DAY_MS, given.identityExpiresAt.getTime()]
  if (exceptionExpiresAt !== undefined) ends.push(exceptionExpiresAt.getTime())
  return new Date(Math.min(...ends))
}

const DAY_MS = 86_400_000

import type { JsonObject } from './compact-jwt.ts'

/** What an assertion by a bound key says beside the claims of every assertion. */
export interface BoundClaims {
  /** Which use of the key this is: one more than the last that was answered. */
  readonly generation: number
  /** A number of this use alone, which only who began it knows. */
  readonly attempt: string
  /** The digest of that of the use before, which its machine keeps of it alone; of the first there is none. */
  readonly previous: string | undefined
}

/** Reads them from verified claims; undefined where one is missing or malformed. */
export const readBoundClaims = (claims: JsonObject): BoundClaims | undefined => {
  const { reeve_generation: generation, reeve_attempt: attempt, reeve_previous: previous } = claims
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation) || generation < 1) return undefined
  if (typeof attempt !== 'string' || !ATTEMPT.test(attempt)) return undefined
  if (generation === 1) return previous === undefined ? { generation, attempt, previous } : undefined
  return typeof previous === 'string' && ATTEMPT.test(previous) ? { generation, attempt, previous } : undefined
}

// Not to be guessed: a random UUID, or 128 random bits.
const ATTEMPT = /^[A-Za-z0-9_-]{22,128}$/

import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { algorithmOf, openDeviceKey } from './domain/device-key.ts'
import { fault } from './faults.ts'
import type { LifecycleTables } from './schema.ts'
import { keysOf } from './store-key.ts'

const LIFE_SECONDS_MAX = 60
const SKEW_SECONDS = 5

const Claims = z.object({
  sub: z.string().min(1).max(64),
  jti: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  exp: z.number(),
})

/** What a person proved with the key of their device; `jti` is still to be used up, until `until`. */
export interface ProvenAssertion {
  readonly person: string
  readonly keyId: string
  readonly jti: string
  readonly until: Date
}

/**
 * Verifies a JWT that a person's device signed for this server. Subject and key id are read first, unverified, but only
 * to find the key; the algorithm is the key's own. Throws person_assertion_invalid.
 */
export const verifyAssertion = async (
  db: Handle<LifecycleTables>,
  assertion: string,
  given: { issuer: string; now: Date },
): Promise<ProvenAssertion> => {
  const claimed = peek(assertion)
  const keys = claimed === undefined ? [] : await keysOf(db, claimed.sub)
  const found = keys.find(({ thumbprint }) => claimed?.kid === undefined || thumbprint === claimed.kid)
  if (found === undefined) throw invalid('no such person or key')
  const claims = Claims.safeParse(await verified(assertion, found.key, given))
  if (!claims.success || claims.data.sub !== claimed?.sub) throw invalid('a claim is missing')
  const { sub, jti, exp } = claims.data
  if (exp > given.now.getTime() / 1000 + LIFE_SECONDS_MAX + SKEW_SECONDS) throw invalid('it lives too long')
  return { person: sub, keyId: found.thumbprint, jti, until: new Date((exp + SKEW_SECONDS + 1) * 1000) }
}

const verified = async (
  assertion: string,
  key: Parameters<typeof openDeviceKey>[0],
  { issuer, now }: { issuer: string; now: Date },
): Promise<JWTPayload> => {
  const publicKey = openDeviceKey(key)
  if (publicKey === undefined) throw invalid('the stored key is unreadable')
  try {
    const { payload } = await jwtVerify(assertion, publicKey, {
      algorithms: [algorithmOf(key)],
      audience: issuer,
      requiredClaims: ['sub', 'aud', 'exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: now,
    })
    // RFC 7519 §4.1.3 allows several audiences; one that is also for somebody else could be replayed by them.
    if (payload.aud !== issuer) throw invalid('the audience is not this server alone')
    return payload
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not a JWT')
  }
}

// What nobody has verified yet is looked up, so it must be an id, and nothing that a database cannot take.
const PERSON = /^[\w-]{1,64}$/

const peek = (assertion: string): { sub: string; kid: string | undefined } | undefined => {
  try {
    const { sub } = decodeJwt(assertion)
    const { kid } = decodeProtectedHeader(assertion)
    return typeof sub === 'string' && PERSON.test(sub) ? { sub, kid } : undefined
  } catch {
    return undefined
  }
}

// To somebody who proved nothing all of these are the same words; what was wrong stays in the process.
const invalid = (detail: string) => fault('person_assertion_invalid', { detail })

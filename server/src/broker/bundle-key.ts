import type { KeyObject } from 'node:crypto'
import { Fault } from '../kit/fault.ts'
import { importPublicKey, isStrongRsa, type SentJwk } from './public-key.ts'
import { type BoundKey, bindKey, type VerifyAlgorithm } from './signature.ts'

/** A key by which JWT-SVIDs of a trust domain are signed. */
export interface BundleKey {
  readonly id: string
  readonly key: BoundKey<VerifyAlgorithm>
}

/** The keys of a JWK set with one of these uses; others are passed over, and so is one without the name that it must have. */
export const readBundleKeys = (keys: readonly unknown[], uses: readonly unknown[]): readonly BundleKey[] =>
  keys.slice(0, KEYS_MAX).flatMap((sent) => {
    const jwk = membersOf(sent)
    // JWT-SVID §4: a key without a key id is not to be used.
    if (typeof jwk.kid !== 'string' || jwk.kid === '' || jwk.kid.length > KEY_ID_MAX || !uses.includes(jwk.use))
      return []
    const key = readKey(jwk)
    return key === undefined ? [] : [{ id: jwk.kid, key }]
  })

const KEYS_MAX = 100
const KEY_ID_MAX = 200

const membersOf = (value: unknown): SentJwk =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

const readKey = (jwk: SentJwk): BoundKey<VerifyAlgorithm> | undefined => {
  try {
    const key = importPublicKey(jwk)
    const algorithm = algorithmOf(key, jwk.alg)
    return algorithm === undefined ? undefined : bindKey(algorithm, key)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

// JWT-SVID §2.2. A bundle seldom says the algorithm of an RSA key; what issues such keys signs with RS256.
const algorithmOf = (key: KeyObject, said: unknown): VerifyAlgorithm | undefined => {
  const { namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  const usable = key.asymmetricKeyType === 'ec' ? (OF_CURVE[namedCurve] ?? []) : isStrongRsa(key) ? OF_RSA : []
  return said === undefined ? usable[0] : usable.find((algorithm) => algorithm === said)
}

const OF_CURVE: Readonly<Record<string, readonly VerifyAlgorithm[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}
const OF_RSA: readonly VerifyAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

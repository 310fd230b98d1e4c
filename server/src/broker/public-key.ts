import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import type { TokenAlgorithm } from '@reeve/sdk'
import { fault } from './faults.ts'
import { type BoundKey, bindKey, type VerifyAlgorithm } from './signature.ts'
import { openPublicKey } from './signing-key.ts'

/** A client's public key, checked, in its one writing. */
export interface PublicKey {
  readonly algorithm: TokenAlgorithm
  /** RFC 7638, base64url SHA-256. */
  readonly thumbprint: string
  readonly keyId: string | null
  readonly jwk: string
}

/** A JWK as a caller sends it: its members, none of them looked at yet. */
export type SentJwk = Readonly<Record<string, unknown>>

/** Checks what somebody wants to prove an identity with. Refuses private parts first, and never repeats them. */
export const readPublicKey = (sent: SentJwk): PublicKey => {
  if (sent.kty === 'oct' || PRIVATE_MEMBERS.some((name) => Object.hasOwn(sent, name)))
    throw fault('credential_key_private')
  const key = importPublicKey(sent)
  const algorithm = algorithmOf(key, sent.alg)
  const jwk = key.export({ format: 'jwk' })
  const { kid } = sent
  return {
    algorithm,
    thumbprint: jwkThumbprint(jwk),
    keyId: typeof kid === 'string' ? kid.slice(0, KEY_ID_MAX) : null,
    jwk: JSON.stringify(jwk),
  }
}

/**
 * A key that somebody else signs with, and the one algorithm that it is good for: those of clients, and ES384, with which AWS
 * signs what its workloads prove themselves with elsewhere. A fault where it is none of them.
 */
export const readIssuerKey = (sent: SentJwk): BoundKey<VerifyAlgorithm> => {
  if (sent.kty !== 'EC' || sent.crv !== 'P-384') {
    // OpenID Connect Core §3.1.3.7: RS256 unless something else is said.
    const { algorithm, jwk } = readPublicKey(sent.kty === 'RSA' ? { alg: 'RS256', ...sent } : sent)
    return bindKey(algorithm, openPublicKey(jwk))
  }
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(sent, name))) throw fault('credential_key_private')
  // RFC 7518 §3.4: this curve has this one algorithm.
  if (sent.alg !== undefined && sent.alg !== 'ES384')
    throw fault('credential_key_weak', { about: 'the key does not fit its alg' })
  return bindKey('ES384', importPublicKey(sent))
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'r', 't', 'priv']
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e']
const KEY_ID_MAX = 200
const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 4096
// Below this, and with even exponents, signatures can be forged under sloppy padding checks elsewhere.
const RSA_EXPONENT_MIN = 65_537n
// Above this nobody's keys are, and a signature costs a hundred times as much to check: anybody can send one (RFC 9449).
const RSA_EXPONENT_MAX = 2n ** 32n

/** The public key of a JWK, whatever else it holds; a fault where it is none. */
export const importPublicKey = (sent: SentJwk): KeyObject => {
  const members = Object.fromEntries(PUBLIC_MEMBERS.flatMap((name) => (name in sent ? [[name, sent[name]]] : [])))
  try {
    // A point that is not on its curve does not get past this.
    return createPublicKey({ key: members, format: 'jwk' })
  } catch {
    throw fault('credential_key_weak', { about: 'it is not a valid public key' })
  }
}

const algorithmOf = (key: KeyObject, asked: unknown): TokenAlgorithm => {
  const usable = usableWith(key)
  const [first] = usable
  if (first === undefined) throw fault('credential_key_weak')
  // RFC 9864 §2.2 names the same signature by its curve.
  const wanted = asked === 'Ed25519' ? 'EdDSA' : asked
  if (wanted === undefined) return first
  const found = usable.find((algorithm) => algorithm === wanted)
  if (found === undefined) throw fault('credential_key_weak', { about: 'the key does not fit its alg' })
  return found
}

const usableWith = (key: KeyObject): readonly TokenAlgorithm[] => {
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') return namedCurve === 'prime256v1' ? ['ES256'] : []
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA']
  // Without an alg, the newer padding (RFC 8017 §8).
  return isStrongRsa(key) ? ['PS256', 'RS256'] : []
}

/** Whether this is an RSA key that is long enough, and not so long that it costs too much. */
export const isStrongRsa = (key: KeyObject): boolean => {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  const isLong = modulusLength >= RSA_BITS_MIN && modulusLength <= RSA_BITS_MAX
  const isUsual = publicExponent >= RSA_EXPONENT_MIN && publicExponent <= RSA_EXPONENT_MAX && publicExponent % 2n === 1n
  return key.asymmetricKeyType === 'rsa' && isLong && isUsual
}

/** RFC 7638 §3.2: the required members in the order of their names, and nothing else. */
export const jwkThumbprint = ({ kty, crv, x, y, n, e }: JsonWebKey): string =>
  hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url')

import { exportJWK, type JWK, SignJWT } from 'jose'
import type { Clock } from '../clock.ts'
import { sha256All } from '../digest.ts'
import { keyAlgorithm } from '../key-algorithm.ts'
import type { Random } from '../random.ts'
import type { TokenAlgorithm } from '../wire.ts'

/** What one proof is for. */
export interface ProofFor {
  readonly method: string
  readonly url: string
  readonly nonce?: string | undefined
  /** The token that goes along. */
  readonly token?: string | undefined
}

/** Makes proofs with one key (RFC 9449 §4.2). */
export type DpopProver = (asked: ProofFor) => Promise<string>

/** Proofs by this key pair, or by one that is made when the first is asked for and that nobody can take out of here. */
export const createDpopProver = ({
  key,
  clock,
  random,
}: {
  key?: CryptoKeyPair | undefined
  clock: Clock
  random: Random
}): DpopProver => {
  let known: Promise<ProofKey> | undefined
  return async ({ method, url, nonce, token }) => {
    known ??= proofKey(key)
    const { alg, jwk, privateKey } = await known
    const [ath] = token === undefined ? [] : await sha256All([token])
    const { origin, pathname } = new URL(url)
    return new SignJWT({
      htm: method,
      htu: origin + pathname,
      ...(nonce === undefined ? {} : { nonce }),
      ...(ath === undefined ? {} : { ath }),
    })
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
      .setJti(random.id())
      .setIssuedAt(Math.floor(clock.nowMs() / 1000))
      .sign(privateKey)
  }
}

interface ProofKey {
  readonly alg: TokenAlgorithm
  readonly jwk: JWK
  readonly privateKey: CryptoKey
}

const proofKey = async (given: CryptoKeyPair | undefined): Promise<ProofKey> => {
  const pair =
    given ?? (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']))
  const { kty, crv, x, y, n, e } = await exportJWK(pair.publicKey)
  const jwk = { kty, crv, x, y, n, e }
  const alg = keyAlgorithm(pair.privateKey)
  if (alg === undefined) throw new TypeError('a proof is signed by an EC key on P-256, an Ed25519 key or an RSA key')
  return { alg, jwk: dropUndefined(jwk), privateKey: pair.privateKey }
}

const dropUndefined = (jwk: Readonly<Record<string, string | undefined>>): JWK =>
  Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined))

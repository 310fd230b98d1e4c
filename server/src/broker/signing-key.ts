import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { TokenAlgorithm } from '@reeve/sdk'
import type { Sealer } from '../kit/seal.ts'

/** A key pair as it is stored: the public part as a JWK with its use, the private part sealed to its row. */
export interface SealedKey {
  readonly id: string
  readonly algorithm: TokenAlgorithm
  readonly publicJwk: string
  readonly sealed: string
}

/** Makes a key pair for this algorithm and seals it. */
export const makeSigningKey = async (id: string, algorithm: TokenAlgorithm, sealer: Sealer): Promise<SealedKey> => {
  const { publicKey, privateKey } = await MAKERS[algorithm]()
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid: id }
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const sealed = sealer.seal(der, bindingOf(id))
  der.fill(0)
  return { id, algorithm, publicJwk: JSON.stringify(jwk), sealed }
}

/** Opens the private part, which from here on is only in memory. */
export const openSigningKey = (id: string, sealed: string, sealer: Sealer): KeyObject => {
  const der = sealer.open(sealed, bindingOf(id))
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

/** The public part as a key to verify with. */
export const openPublicKey = (publicJwk: string): KeyObject =>
  createPublicKey({ key: JSON.parse(publicJwk), format: 'jwk' })

const bindingOf = (id: string) => ({ table: 'broker_signing_key', row: id, column: 'sealed' })

const RSA_BITS = 2048
const make = promisify(generateKeyPair)
type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
const makeRsa = (): Promise<Pair> => make('rsa', { modulusLength: RSA_BITS })

const MAKERS: Readonly<Record<TokenAlgorithm, () => Promise<Pair>>> = {
  ES256: () => make('ec', { namedCurve: 'P-256' }),
  EdDSA: () => make('ed25519'),
  RS256: makeRsa,
  PS256: makeRsa,
}

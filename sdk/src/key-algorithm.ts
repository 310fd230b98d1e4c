import type { TokenAlgorithm } from './wire.ts'

/** What a key of WebCrypto signs with; undefined for one of another kind. */
export const keyAlgorithm = (key: CryptoKey): TokenAlgorithm | undefined => algorithms[key.algorithm.name]

const algorithms: Readonly<Record<string, TokenAlgorithm>> = {
  ECDSA: 'ES256',
  Ed25519: 'EdDSA',
  'RSASSA-PKCS1-v1_5': 'RS256',
  'RSA-PSS': 'PS256',
}

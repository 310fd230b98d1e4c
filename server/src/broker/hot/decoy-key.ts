import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { TokenAlgorithm } from '@reeve/sdk'
import { type BoundKey, bindKey } from '../signature.ts'

/** A key that verifies nothing: an unknown client's assertion is checked against it, and so takes as long as another. */
export const decoyKey = (algorithm: TokenAlgorithm): BoundKey => {
  const known = made.get(algorithm)
  if (known !== undefined) return known
  const key = bindKey(algorithm, MAKERS[algorithm]())
  made.set(algorithm, key)
  return key
}

const made = new Map<TokenAlgorithm, BoundKey>()

// Making an RSA key takes long enough to be noticed; the private part of this one was never kept.
const RSA_MODULUS =
  '2jAlYyzQ5o12BB8mwIKQ4U-9iclneFUpCY83oiy72KyandIQk3yrarkJxIK-ima_U-4Ir1JaFoWwGTTMX_wPnGzmwm6fByJO_4CtPLWuDiZJcbJxhYfhSykEn-GWeTAhh-mdWTubjKBg_m9ue6yk_iahybRutvJ9x8GUG5qkkFFRNJsp8I-oNl2TCXUp7l7g3VmSOBBIuV5LswYsX72gzLalSkTfcL7KWY7Azd5uiRDRC0OgDTZhkz4chgZ4saW8NdatNDo4Jj5wQzCcARf5k9JfBtUd8oWwFfqilnVlyjrNddh4H09bl8NwPdK46V5jvqIxYhEwOcLw45Zqv3awnw'
const rsa = () => createPublicKey({ key: { kty: 'RSA', n: RSA_MODULUS, e: 'AQAB' }, format: 'jwk' })

const MAKERS = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  EdDSA: () => generateKeyPairSync('ed25519').publicKey,
  RS256: rsa,
  PS256: rsa,
} as const

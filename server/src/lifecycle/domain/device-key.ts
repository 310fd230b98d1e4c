import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

/** The public key of a person's device: P-256 or Ed25519, nothing else. */
export type DeviceKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }

/** The one algorithm of the key: it is fixed by the key, never by what is signed. */
export const algorithmOf = (key: DeviceKey): 'ES256' | 'EdDSA' => (key.kty === 'EC' ? 'ES256' : 'EdDSA')

/** The key's RFC 7638 thumbprint: SHA-256 over its required members in their one order. */
export const thumbprintOf = (key: DeviceKey): string => {
  const members =
    key.kty === 'EC' ? { crv: key.crv, kty: key.kty, x: key.x, y: key.y } : { crv: key.crv, kty: key.kty, x: key.x }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

/** The key, ready to verify with; undefined when its numbers are no point of the curve. */
export const openDeviceKey = (key: DeviceKey): KeyObject | undefined => {
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' })
  } catch {
    return undefined
  }
}

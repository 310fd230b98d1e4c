import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** What checks the Ed25519 signatures of one signer: its name, its key id (unsigned 32 bits) and its public key. */
export type Verifier = { readonly name: string; readonly keyId: number; readonly publicKey: KeyObject }

/** Says why a text is not a verifier key. */
export class InvalidVkey extends Error {
  override readonly name = 'InvalidVkey'
}

/**
 * The verifier of an Ed25519 public key (or of a private key's public half) under a name that has no white space and
 * no plus (C2SP signed-note, "Signature types" and "Ed25519 signatures"). InvalidVkey when either does not fit.
 */
export const verifierOf = (name: string, key: KeyObject): Verifier => {
  if (!isKeyName(name)) throw new InvalidVkey('a key name is not empty and has no white space, control or plus')
  if (key.asymmetricKeyType !== 'ed25519') throw new InvalidVkey('the key is not an ed25519 key')
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return { name, keyId: keyIdOf(name, typedKey(publicKey)), publicKey }
}

/** The verifier key of a signer, as it is handed to auditors: `name+hash+key` (C2SP signed-note, "Verifier keys"). */
export const encodeVkey = ({ name, keyId, publicKey }: Verifier): string =>
  `${name}+${keyId.toString(16).padStart(8, '0')}+${encodeBase64(typedKey(publicKey))}`

/** Reads a verifier key. InvalidVkey unless it is the one encoding of an Ed25519 key and its hash is right. */
export const parseVkey = (vkey: string): Verifier => {
  if (vkey.length > VKEY_CHARS_MAX) throw new InvalidVkey('the verifier key is too long')
  // Base64 may hold a plus, a name may not: only the first two separate.
  const [name = '', keyId = ''] = vkey.split('+', 2)
  const typed = decodeBase64(vkey.slice(name.length + keyId.length + 2))
  if (typed?.length !== 33 || typed[0] !== ED25519) throw new InvalidVkey('the verifier key holds no ed25519 key')
  const x = typed.subarray(1).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const verifier = verifierOf(name, publicKey)
  if (encodeVkey(verifier) !== vkey) throw new InvalidVkey('the verifier key does not match its hash')
  return verifier
}

/** Whether a text may be a key's name: not empty, well-formed, no Unicode white space, control or plus. */
export const isKeyName = (name: string): boolean => name.isWellFormed() && /^[^\p{White_Space}\p{Cc}+]+$/u.test(name)

const ED25519 = 0x01
const VKEY_CHARS_MAX = 1_024

const typedKey = (publicKey: KeyObject): Buffer => {
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(ED25519), Buffer.from(x, 'base64url')])
}

// key ID = SHA-256(key name || 0x0A || signature type || public key)[:4], big-endian.
const keyIdOf = (name: string, typed: Buffer): number =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').readUInt32BE(0)

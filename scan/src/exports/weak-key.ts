import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { type SshPublicKey, sshPublicKey } from './ssh-key.ts'

/** The trait of an identity that proves itself by a key which is too short, or of a kind that was withdrawn. */
export const WEAK_KEY = 'credential:weak-key'

// NIST SP 800-131A: shorter ones were for 80 bits of strength, which ended in 2013. FIPS 186-5 withdrew DSA of any length.
const RSA_BITS_MIN = 2048
// Older programs multiplied two primes of half the length and took what came of it: 2047 bits are as good.
const RSA_BITS_LOST = 1

/** What is weak about a key, in words: `RSA of 1024 bits`; nothing about a good one, or one that cannot be read. */
export type Weakness = string | undefined

/** Of a key that Node read. */
export const weaknessOf = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Weakness =>
  told(type ?? '', details?.modulusLength ?? 0)

const told = (type: string, bits: number): Weakness => {
  if (bits === 0) return undefined
  if (type === 'dsa') return `DSA of ${bits} bits`
  return type.startsWith('rsa') && bits < RSA_BITS_MIN - RSA_BITS_LOST ? `RSA of ${bits} bits` : undefined
}

/** Of the public SSH key that a text begins with. */
export const sshWeakness = (text: string): Weakness => {
  const key = sshPublicKey(text)
  return key && blobWeakness(key)
}

// RFC 4253 §6.6: `e` and `n` of RSA, `p` first of DSA; a certificate has a nonce before them.
const blobWeakness = ({ type, bytes }: SshPublicKey): Weakness => {
  const kind = /^ssh-(rsa|dss)(-cert-v01@openssh\.com)?$/.exec(type)
  if (!kind) return undefined
  const isDsa = kind[1] === 'dss'
  const parts = stringsOf(bytes, 4)
  return told(isDsa ? 'dsa' : 'rsa', bitsOf(parts[(kind[2] ? 2 : 1) + (isDsa ? 0 : 1)]))
}

/** Of a public RSA key in a JSON Web Key (RFC 7518 §6.3.1.1). */
export const jwkWeakness = (kty: string, n: string): Weakness => {
  const integer = kty === 'RSA' && /^[\w-]{1,3000}={0,2}$/.test(n) ? Buffer.from(n, 'base64url') : Buffer.alloc(0)
  const bits = bitsOf(integer)
  // Nothing else holds its length: an even one, one of a length that nobody makes, or a few letters is an example's, or cut.
  const isOdd = (integer.at(-1) ?? 0) % 2 === 1
  return isOdd && bits >= JWK_BITS_MIN && (bits + RSA_BITS_LOST) % 64 <= RSA_BITS_LOST ? told('rsa', bits) : undefined
}

const JWK_BITS_MIN = 511

/** Of a public key in PEM. */
export const pemWeakness = (pem: string): Weakness => {
  try {
    return weaknessOf(createPublicKey(pem))
  } catch {
    return undefined
  }
}

/** Of a private key whose armour was taken off; one that a passphrase locks tells only in OpenSSH's own form. */
export const privateKeyWeakness = (base64: string): Weakness => {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('latin1', 0, OPENSSH.length) === OPENSSH) return opensshWeakness(bytes)
  if (isLongRsa(bytes)) return undefined
  for (const label of labelsOf(bytes)) {
    try {
      const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
      const pem = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
      return weaknessOf(createPrivateKey(pem))
    } catch {
      // It has another form, which the next label says, or is none that Node knows.
    }
  }
  return undefined
}

// Each attempt costs a tenth of a millisecond: of ASN.1's `SEQUENCE { version 0, …` what comes next tells which may succeed.
const labelsOf = (bytes: Buffer): readonly string[] => {
  const at = bytes.subarray(0, 12).indexOf(VERSION)
  const next = at === -1 ? 0 : bytes[at + VERSION.length]
  return next === SEQUENCE ? ['PRIVATE KEY'] : next === INTEGER ? ['RSA PRIVATE KEY', 'DSA PRIVATE KEY'] : []
}

// Nearly all are these, and to have Node read one takes most of what a file costs: `version 0, n, 65537` (RFC 8017 §A.1.2), also
// within PKCS#8.
const isLongRsa = (bytes: Buffer): boolean => {
  const at = bytes.subarray(0, 40).indexOf(LONG_AFTER_VERSION)
  if (at === -1 || at + LONG_AFTER_VERSION.length + 2 > bytes.length) return false
  const from = at + LONG_AFTER_VERSION.length + 2
  const end = from + bytes.readUInt16BE(from - 2)
  return bytes.subarray(end, end + F4.length).equals(F4) && bitsOf(bytes.subarray(from, end)) >= RSA_BITS_MIN
}

const LONG_AFTER_VERSION = Buffer.from([0x02, 0x01, 0x00, 0x02, 0x82])
const F4 = Buffer.from([0x02, 0x03, 0x01, 0x00, 0x01])
const VERSION = Buffer.from([0x02, 0x01, 0x00])
const SEQUENCE = 0x30
const INTEGER = 0x02
const OPENSSH = 'openssh-key-v1\0'

// PROTOCOL.key of OpenSSH: cipher, kdf and its options, a count, then the public key, in the clear whatever locks the rest.
const opensshWeakness = (bytes: Buffer): Weakness => {
  const [cipher, kdf, options] = stringsOf(bytes.subarray(OPENSSH.length), 3)
  if (!cipher || !kdf || !options) return undefined
  const publicAt = OPENSSH.length + 3 * 4 + cipher.length + kdf.length + options.length + 4
  const [blob] = stringsOf(bytes.subarray(publicAt), 1)
  const [type] = blob ? stringsOf(blob, 1) : []
  return blob && type && blobWeakness({ type: type.toString('latin1'), bytes: blob })
}

// RFC 4251 §5: each begins with its length; what ends too early has no more of them.
const stringsOf = (bytes: Buffer, max: number): Buffer[] => {
  const found: Buffer[] = []
  let at = 0
  while (found.length < max && at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    found.push(bytes.subarray(at + 4, end))
    at = end
  }
  return found
}

const bitsOf = (integer: Buffer | undefined): number => {
  const from = integer?.findIndex((byte) => byte !== 0) ?? -1
  return integer && from >= 0 ? (integer.length - from) * 8 - (Math.clz32(integer[from] ?? 0) - 24) : 0
}

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Which secret a text is: an enrolment code, a person's session, or the code by which a waiting login asks for one. */
export type SecretKind = 'ec' | 'ps' | 'lc'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_CHARS = 43
const CRC_CHARS = 6
const PATTERN = /^reeve_(ec|ps|lc)_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/**
 * Writes 256 random bits as `reeve_<kind>_<43 base62><6 base62 of the CRC-32>`: a scanner, ours or anyone's, knows a
 * leaked one, and a mistyped one is known without asking the database.
 */
export const secretText = (kind: SecretKind, bits: Uint8Array): string => {
  const body = base62(BigInt(`0x${Buffer.from(bits).toString('hex')}`)).padStart(BODY_CHARS, '0')
  return `reeve_${kind}_${body}${checksum(body)}`
}

/** Whether the text is one of that kind with a checksum that fits. */
export const isSecretText = (kind: SecretKind, text: string): boolean => {
  const [, found, body = '', crc] = PATTERN.exec(text) ?? []
  return found === kind && checksum(body) === crc
}

/** What is stored instead of the secret; 256 random bits need no slow hash. */
export const secretHash = (text: string): string => createHash('sha256').update(text).digest('base64url')

const checksum = (body: string): string => base62(BigInt(crc32(body))).padStart(CRC_CHARS, '0')

const base62 = (value: bigint): string => {
  let text = ''
  for (let rest = value; rest > 0n; rest /= 62n) text = (DIGITS[Number(rest % 62n)] ?? '') + text
  return text
}

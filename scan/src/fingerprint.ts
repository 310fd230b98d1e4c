import { createHash, createHmac } from 'node:crypto'

/** Recognises a secret again without keeping it: HMAC-SHA256 under the salt, 128 bits in hex. */
export const fingerprintOf = (secret: string, salt: string): string =>
  createHmac('sha256', salt).update(secret, 'utf8').digest('hex').slice(0, 32)

/** Names a salt without telling it. */
export const saltIdOf = (salt: string): string =>
  createHmac('sha256', salt).update('reeve scan salt id').digest('hex').slice(0, 16)

/** Names a finding: the same parts, the same name, on any machine. */
export const findingFingerprint = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

/** What may be shown of a secret: enough to find the right one in a list, too little to help a guess. */
export const tailOf = (secret: string): string => {
  if (secret.length >= 20) return secret.slice(-4)
  if (secret.length >= 14) return secret.slice(-2)
  return ''
}

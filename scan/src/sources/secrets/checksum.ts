import { crc32 } from 'node:zlib'

/** Whether the last six characters are the base62 CRC-32 of the rest, as GitHub and npm make their tokens. */
export const hasBase62Crc = (body: string): boolean => {
  const checked = body.slice(0, -6)
  return body.slice(-6) === base62(crc32(checked)).padStart(6, '0')
}

/** The six characters that make `body` a token whose checksum fits. */
export const base62Crc = (body: string): string => base62(crc32(body)).padStart(6, '0')

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const base62 = (value: number): string => {
  let out = ''
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) out = (DIGITS[rest % 62] ?? '') + out
  return out
}

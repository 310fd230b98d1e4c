import { base64url } from 'jose'
import { Unreachable } from '../bounded-fetch.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'

/** A status list whose signature was verified (Token Status List §4). */
export interface StatusList {
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
  /** How long the issuer lets it be gone by. */
  readonly ttlSeconds: number | undefined
  /** What it says of a place: 0 is valid, anything else is not; undefined when it has no such place. */
  statusAt(idx: number): number | undefined
}

/** Reads the claims of a list (§5.1) that has to be this issuer's, under this very address. */
export const readStatusList = async (claims: JsonObject, of: { issuer: string; uri: string }): Promise<StatusList> => {
  const { iss, sub, iat, exp, ttl, status_list: list } = claims
  // §8.3: the address in the token is the subject of the list, or one list could be told for another.
  if (iss !== of.issuer || sub !== of.uri) throw new Unreachable('the status list is another one')
  if (!isTime(iat) || !isTime(exp) || exp <= iat) throw new Unreachable('the status list has no times')
  if (ttl !== undefined && !(isTime(ttl) && ttl > 0)) throw new Unreachable('the status list has a wrong ttl')
  if (!isJsonObject(list)) throw new Unreachable('the status list holds no list')
  const { bits, lst } = list
  if (typeof lst !== 'string' || (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8))
    throw new Unreachable('the status list holds no list')
  const bytes = await inflate(lst)
  return { issuedAtSeconds: iat, expiresAtSeconds: exp, ttlSeconds: ttl, statusAt: reader(bytes, bits) }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

// §4.1: the first place is in the lowest bits of the first byte.
const reader = (bytes: Uint8Array, bits: 1 | 2 | 4 | 8) => {
  const mask = (1 << bits) - 1
  const statusIn = (byte: number, idx: number) => (byte >> ((idx * bits) % 8)) & mask
  const [first] = bytes
  const places = (bytes.length * 8) / bits
  // Nothing is stopped, or everything: there is no need to keep each place then, and most lists are so.
  const isUniform = first !== undefined && bytes.every((byte) => byte === first)
  return (idx: number): number | undefined => {
    if (!(Number.isSafeInteger(idx) && idx >= 0 && idx < places)) return undefined
    return statusIn(isUniform ? first : (bytes[Math.floor((idx * bits) / 8)] ?? 0), idx)
  }
}

/** §4.1: zlib. INVARIANT: however little was sent, no more than a megabyte comes of it. */
const inflate = async (text: string): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    const sent = new Blob([new Uint8Array(base64url.decode(text))])
    const stream: ReadableStream<Uint8Array> = sent.stream().pipeThrough(new DecompressionStream('deflate'))
    for (const from = stream.getReader(); ; ) {
      const { done, value } = await from.read()
      if (done) break
      length += value.byteLength
      if (length > inflatedMax) {
        from.cancel().catch(() => {})
        throw new Unreachable('the status list is too large')
      }
      chunks.push(value)
    }
  } catch (cause) {
    throw cause instanceof Unreachable ? cause : new Unreachable('the status list cannot be decompressed', { cause })
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

const inflatedMax = 1_048_576

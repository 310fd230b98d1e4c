/** A JWT taken apart, its header read and its payload not yet: nothing is believed before the signature is checked. */
export interface CompactJwt {
  readonly header: JsonObject
  readonly signature: Buffer
  readonly signingInput: string
  /** The claims; to be called after the signature was verified. Undefined when they are no JSON object. */
  claims(): JsonObject | undefined
}

/** Any JSON object. */
export type JsonObject = { readonly [name: string]: unknown }

/** Takes a compact JWS apart (RFC 7515 §7.1); undefined when it is not one in its one canonical writing. */
export const readCompactJwt = (text: string): CompactJwt | undefined => {
  if (text.length > CHARACTERS_MAX) return undefined
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first < 1 || second < first + 2) return undefined
  const header = decodeObject(text.slice(0, first))
  const signature = decode(text.slice(second + 1))
  if (header === undefined || signature === undefined || picksItsOwnRules(header)) return undefined
  const payload = text.slice(first + 1, second)
  let read: { readonly claims: JsonObject | undefined } | undefined
  // Asked for before and after the signature is checked.
  const claims = (): JsonObject | undefined => {
    read ??= { claims: decodeObject(payload) }
    return read.claims
  }
  return { header, signature, signingInput: text.slice(0, second), claims }
}

const CHARACTERS_MAX = 8192

// RFC 8725 §3.10, RFC 7515 §4.1.11: what brings its own key, or must be understood and is not, is refused.
const REFUSED_MEMBERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip']
const picksItsOwnRules = (header: JsonObject): boolean => REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))

/** RFC 4648 §3.5: one text for the same bytes, or a token could be written in several ways. */
const decode = (part: string): Buffer | undefined => {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : undefined
}

/** A JSON object in base64url, in its one writing, that names each of its members once; anything else is undefined. */
export const readJsonObject = (text: string): JsonObject | undefined =>
  text.length > CHARACTERS_MAX ? undefined : decodeObject(text)

/** A JSON list that names each member of what is in it once; anything else is undefined. */
export const readJsonList = (text: string): readonly unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && namesEachOnce({ value }, `{"value":${text}}`) ? value : undefined
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decodeObject = (part: string): JsonObject | undefined => {
  const bytes = decode(part)
  if (bytes === undefined) return undefined
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    return isObject(value) && namesEachOnce(value, text) && !holdsNull(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// What a client is called and what it names is looked up and kept; PostgreSQL has no text with U+0000.
const holdsNull = (value: JsonObject): boolean =>
  Object.values(value).some((part) => typeof part === 'string' && part.includes('\0'))

// RFC 7519 §4: a claim named twice may be refused. Every member of a JSON text has one colon outside of its strings, so
// a text with more colons than its value has members named something twice.
const namesEachOnce = (value: JsonObject, text: string): boolean =>
  text.replace(JSON_STRING, '').split(':').length - 1 === countMembers(value, 0)

const JSON_STRING = /"(?:[^"\\]|\\.|\\$)*(?:"|$)/gs
const DEPTH_MAX = 16

const countMembers = (value: unknown, depth: number): number => {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > DEPTH_MAX) return Number.NaN
  const inner: readonly unknown[] = Object.values(value)
  const own = Array.isArray(value) ? 0 : inner.length
  return inner.reduce<number>((sum, each) => sum + countMembers(each, depth + 1), own)
}

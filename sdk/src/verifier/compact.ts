import { base64url } from 'jose'
import { type JsonObject, parseStrictObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import type { TokenAlgorithm } from '../wire.ts'
import { isTokenAlgorithm } from './key-set.ts'

/** The three parts of a compact JWS (RFC 7515 §7.1), still as they came. */
export interface Compact {
  readonly header: string
  readonly payload: string
  readonly signature: string
  readonly signingInput: string
}

/** What a header is asked for: which key, and with which algorithm. */
export interface KeyChoice {
  readonly alg: TokenAlgorithm
  readonly kid: string
}

/** The longest token that is looked at: no authorization header of a stock server is larger. */
export const tokenCharactersMax = 16_384

/** Takes a token apart without decoding any of it. */
export const splitCompact = (token: string, charactersMax = tokenCharactersMax): Compact => {
  if (token.length > charactersMax) throw new VerifyError('token_too_large')
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  const header = token.slice(0, first)
  const payload = token.slice(first + 1, second)
  const signature = token.slice(second + 1)
  if (first < 1 || second < first + 2 || ![header, payload, signature].every(isCanonicalBase64url))
    throw new VerifyError('token_malformed')
  return { header, payload, signature, signingInput: token.slice(0, second) }
}

/** Reads the header, refusing whatever could make the token choose its own key or rules (RFC 8725 §3). */
export const readHeader = (part: string, type = 'at+jwt'): KeyChoice => {
  const header = decodeObject(part)
  if (header === undefined) throw new VerifyError('token_malformed')
  if (ownKeyMembers.some((name) => Object.hasOwn(header, name))) throw new VerifyError('key_in_header')
  // RFC 7515 §4.1.11 and RFC 7797 §6: what must be understood and is not refuses the token; b64 is not understood here.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new VerifyError('critical_header')
  const { alg, kid, typ } = header
  if (!isTokenAlgorithm(alg)) throw new VerifyError('algorithm_refused')
  // RFC 9068 §4: so that no other JWT of this issuer passes for an access token, nor one of these for something else.
  if (typ !== type && typ !== `application/${type}`) throw new VerifyError('wrong_type')
  if (typeof kid !== 'string' || kid === '') throw new VerifyError('unknown_key')
  return { alg, kid }
}

/** The object in a part of the token: of the payload only after the signature was verified. */
export const decodeObject = (part: string): JsonObject | undefined => {
  let text: string
  try {
    text = utf8.decode(base64url.decode(part))
  } catch {
    return undefined
  }
  return parseStrictObject(text)
}

const ownKeyMembers = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256']

// A byte order mark is kept, and so refused as JSON.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 4648 §3.5: one text for the same bytes, or a token could be written in several ways. */
const isCanonicalBase64url = (part: string): boolean => {
  if (!/^[A-Za-z0-9_-]*$/.test(part)) return false
  const last = part.at(-1) ?? 'A'
  if (part.length % 4 === 2) return 'AQgw'.includes(last)
  if (part.length % 4 === 3) return 'AEIMQUYcgkosw048'.includes(last)
  return part.length % 4 === 0
}

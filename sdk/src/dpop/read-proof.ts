import { base64url } from 'jose'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { decodeObject, splitCompact } from '../verifier/compact.ts'
import { isTokenAlgorithm } from '../verifier/key-set.ts'
import type { TokenAlgorithm } from '../wire.ts'
import { dpopAlgorithms } from './algorithms.ts'

/** A DPoP proof taken apart: its header is read, and its claims not before its signature was verified. */
export interface DpopProof {
  /** The header as it came: the same for all that one program sends. */
  readonly header: string
  readonly alg: TokenAlgorithm
  /** The public key that it brings. */
  readonly jwk: JsonObject
  readonly signature: Uint8Array<ArrayBuffer>
  readonly signingInput: string
  /** To be called once the signature was verified; undefined when it holds no claims. */
  claims(): JsonObject | undefined
}

/** Takes a proof apart (RFC 9449 §4.2; §4.3, checks 2 to 7 but the signature), or says in a sentence what is wrong with it. */
export const readDpopProof = (text: string): DpopProof | string => {
  if (text.length > proofCharactersMax) return 'it is too large'
  const parts = partsOf(text)
  const header = parts === undefined ? undefined : decodeObject(parts.header)
  // Two headers reach us as one with a comma, which no JWT has.
  if (parts === undefined || header === undefined) return 'it is not one signed JWT'
  if (header.typ !== 'dpop+jwt') return 'its typ is not dpop+jwt'
  const alg = header.alg === 'Ed25519' ? 'EdDSA' : header.alg
  if (!isTokenAlgorithm(alg)) return `its alg is none of ${dpopAlgorithms.join(', ')}`
  // RFC 7515 §4.1.11: what must be understood and is not; and no other place to take a key from.
  if (refusedMembers.some((name) => Object.hasOwn(header, name))) return 'its header says more than it may'
  const { jwk } = header
  if (!isJsonObject(jwk) || jwk.kty === 'oct') return 'its header brings no public key'
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return 'its header brings a private key'
  return {
    header: parts.header,
    alg,
    jwk,
    signature: new Uint8Array(base64url.decode(parts.signature)),
    signingInput: parts.signingInput,
    claims: () => decodeObject(parts.payload),
  }
}

const proofCharactersMax = 8_192
const refusedMembers = ['jku', 'x5u', 'x5c', 'crit', 'b64', 'zip']
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'r', 't', 'priv']

const partsOf = (text: string) => {
  try {
    return splitCompact(text)
  } catch {
    return undefined
  }
}

import type { JsonObject } from '../strict-json.ts'
import { targetUri } from './target-uri.ts'

/** The request that a proof came with, and what is asked of the proof. */
export interface ProofRules {
  readonly method: string
  /** The address as the client wrote it: behind a proxy the one outside. */
  readonly url: string
  readonly nowSeconds: number
  /** Of the token that came along: its base64url SHA-256; undefined where none is used (the token endpoint). */
  readonly tokenHash?: string
  /** Says whether a nonce is one that was handed out lately; undefined where none is asked for. */
  readonly isFreshNonce?: ((nonce: string) => boolean) | undefined
}

/** What came of it: a name that must not come again until then, a sentence about what is wrong, or no fresh nonce. */
export type JudgedProof =
  | { readonly state: 'good'; readonly jti: string; readonly untilSeconds: number }
  | { readonly state: 'wrong'; readonly why: string }
  | { readonly state: 'stale-nonce' }

/** Judges the claims of a proof whose signature is right (RFC 9449 §4.3, checks 3 and 8 to 12). */
export const judgeProof = (claims: JsonObject, rules: ProofRules): JudgedProof => {
  const { jti, htm, htu, iat, ath, nonce } = claims
  const uri = dotSegment.test(rules.url) ? undefined : targetUri(rules.url)
  if (typeof jti !== 'string' || jti === '' || jti.length > jtiCharactersMax) return wrong('its jti is missing')
  if (htm !== rules.method) return wrong('its htm is not the method of the request')
  if (uri === undefined || typeof htu !== 'string' || targetUri(htu) !== uri)
    return wrong('its htu is not the address of the request')
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) return wrong('its iat is missing')
  if (Math.abs(rules.nowSeconds - iat) > proofSeconds)
    return wrong(`its iat is more than ${proofSeconds} s from the time of this server`)
  if (rules.tokenHash !== undefined && ath !== rules.tokenHash) return wrong('its ath is not the hash of the token')
  // Last: a new nonce would not mend anything else.
  if (rules.isFreshNonce !== undefined && !(typeof nonce === 'string' && rules.isFreshNonce(nonce)))
    return { state: 'stale-nonce' }
  return { state: 'good', jti, untilSeconds: iat + proofSeconds + 1 }
}

// No client sends one, and a router that leaves it there serves another path than the one that is compared.
const dotSegment = /^[^?#]*\/(?:\.|%2e){1,2}(?:[/?#]|$)/i

/** How long before and after it was made a proof is good. */
const proofSeconds = 60

const jtiCharactersMax = 256

const wrong = (why: string): JudgedProof => ({ state: 'wrong', why })

import type { TokenAlgorithm } from '@reeve/sdk'
import type { Clock } from '../kit/clock.ts'
import { type CompactJwt, type JsonObject, readCompactJwt } from './domain/compact-jwt.ts'
import { whyNotNow } from './domain/foreign-claims.ts'
import { misfits } from './domain/trust.ts'
import type { IssuerKeys } from './memory/issuer-keys.ts'
import type { IssuerTrusts, TrustMemory } from './memory/trust-memory.ts'
import { isSigned } from './signature.ts'
import type { StoredTrust } from './store-trust.ts'

/** A token of another issuer, looked at. Only what is `proven` is to be believed. */
export type ForeignToken =
  | { readonly state: 'malformed' | 'untrusted'; readonly issuer: string | undefined }
  | { readonly state: 'unreachable'; readonly issuer: string; readonly why: string }
  | { readonly state: 'forged'; readonly issuer: string; readonly why: string }
  | {
      readonly state: 'proven'
      readonly issuer: string
      readonly claims: JsonObject
      readonly algorithm: TokenAlgorithm
      /** Why it is not in force now. */
      readonly late: string | undefined
      readonly trusts: IssuerTrusts
      /** The trusts that it fits, of whichever identity, as long as they have not expired. */
      readonly fitting: readonly StoredTrust[]
    }

/** Looks at tokens of other issuers. Never within a transaction: it may have to ask the issuer for its keys. */
export interface ForeignTokens {
  read(token: string | CompactJwt): Promise<ForeignToken>
}

const KEYS_TRIED_MAX = 10
const ISSUER_MAX = 500

/** Reads them with what this replica holds in memory. */
export const createForeignTokens = (given: {
  readonly trusts: TrustMemory
  readonly keys: IssuerKeys
  readonly clock: Pick<Clock, 'now'>
}): ForeignTokens => ({
  read: async (token) => {
    const jwt = typeof token === 'string' ? readCompactJwt(token) : token
    // Needed to find the keys to verify with; what else it says is read after that.
    const issuer = jwt?.claims()?.iss
    if (jwt === undefined || typeof issuer !== 'string' || issuer.length > ISSUER_MAX)
      return { state: 'malformed', issuer: undefined }
    const trusts = await given.trusts.in(issuer)
    // INVARIANT: nobody is asked for keys whom no owner named.
    if (trusts === undefined) return { state: 'untrusted', issuer: undefined }
    const { kid } = jwt.header
    const found = await given.keys.find(issuer, typeof kid === 'string' ? kid : undefined)
    if (typeof found === 'string') return { state: 'unreachable', issuer, why: found }
    // INVARIANT: the key says the algorithm; a header can only agree (RFC 8725 §3.1).
    const tried = found.filter(({ key }) => key.algorithm === nameOf(jwt.header.alg)).slice(0, KEYS_TRIED_MAX)
    if (tried.length === 0) return { state: 'forged', issuer, why: 'its issuer shows no key with its kid and alg' }
    const by = tried.find(({ key }) => isSigned(key, jwt.signingInput, jwt.signature))
    const claims = by === undefined ? undefined : jwt.claims()
    if (by === undefined || claims === undefined)
      return { state: 'forged', issuer, why: 'its signature is not by its issuer' }
    const nowMs = given.clock.now().getTime()
    const { algorithm } = by.key
    const fitting = trusts
      .near(claims)
      .filter(({ expiresAt, terms }) => expiresAt > nowMs && misfits(terms, claims, algorithm).length === 0)
    const late = whyNotNow(claims, Math.floor(nowMs / 1000))
    return { state: 'proven', issuer, claims, algorithm, late, trusts, fitting }
  },
})

// RFC 9864 §2.2: Ed25519 is EdDSA with its curve in the name.
const nameOf = (algorithm: unknown): unknown => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)

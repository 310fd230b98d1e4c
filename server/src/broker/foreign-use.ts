import { createHash } from 'node:crypto'
import type { Once } from '../kit/spend-once.ts'
import type { PlatformProof } from './domain/client-proof.ts'
import { FOREIGN_SKEW_SECONDS, type ForeignFacts } from './domain/foreign-claims.ts'
import type { ForeignToken } from './foreign-token.ts'
import type { StoredTrust } from './store-trust.ts'

type Proven = Extract<ForeignToken, { state: 'proven' }>

/** The trusts that a token fits as a proof. INVARIANT: one in the grants of an authorization server lets in none of its other tokens. */
export const provenFor = ({ fitting }: Proven): readonly StoredTrust[] =>
  fitting.filter(({ terms }) => terms.platform !== 'id-jag')

/** Its one use; undefined where it may come again. Of several trusts that it fits the strictest holds, whichever is in force. */
export const useOf = (token: Proven, facts: ForeignFacts, proof: PlatformProof): Once | undefined =>
  provenFor(token).some(({ terms }) => terms.tokens === 'once') ? onceOf(token.issuer, facts, proof) : undefined

/**
 * The one use of a token of this issuer. Each issuer has its own names for its tokens (RFC 7519 §4.1.7); nobody can use up
 * another's. One without a name is known by all that its issuer signed.
 */
export const onceOf = (issuer: string, { jti, expiresAtSeconds }: ForeignFacts, proof: PlatformProof): Once => {
  const signed = 'awsCaller' in proof ? proof.awsCaller : proof.signingInput
  const key = createHash('sha256')
    .update(JSON.stringify(jti === undefined ? [issuer, 'unnamed', signed] : [issuer, jti]))
    .digest('base64url')
  return { space: 'federation', key, until: new Date((expiresAtSeconds + FOREIGN_SKEW_SECONDS) * 1000) }
}

import type { AccessTokenClaims } from '@reeve/sdk'
import type { Detail } from '../domain/authorization-details.ts'
import { endsUnder } from '../domain/credential-life.ts'
import type { Delegation } from '../domain/delegation.ts'
import type { ExchangeRequest } from '../domain/exchange-request.ts'
import type { TokenResource } from '../room.ts'
import type { HotParts } from './hot-parts.ts'
import type { Presented } from './presented-tokens.ts'
import type { ProvenSender } from './sender-of.ts'
import type { Standing } from './standing.ts'

/**
 * The claims of an exchanged token: the subject's, with who acts and all it goes back to. Undefined when nothing of its life
 * is left. INVARIANT: it ends no later than what was presented, and no later than a token of anybody in the chain would.
 */
export const exchangedClaims = (
  parts: HotParts,
  made: {
    readonly wanted: ExchangeRequest
    readonly jti: string
    readonly sender: ProvenSender | undefined
    readonly presented: Presented
    readonly delegation: Delegation
    readonly me: Standing
    readonly resource: TokenResource
    readonly actions: readonly string[]
    readonly details: readonly Detail[]
    readonly now: Date
  },
): AccessTokenClaims | undefined => {
  const { presented, delegation, me, now } = made
  const { claims } = presented.subject
  const { act, chain } = delegation
  const iat = Math.floor(now.getTime() / 1000)
  const ends = [...presented.standings, me].map((standing) => endOf(parts, standing, iat))
  const actorEnd = presented.actorToken?.claims.exp ?? Number.POSITIVE_INFINITY
  const exp = Math.min(claims.exp, actorEnd, ...ends)
  if (exp <= iat) return undefined
  return {
    iss: parts.issuer(),
    sub: claims.sub,
    client_id: act?.sub ?? claims.sub,
    aud: made.resource.uri,
    exp,
    iat,
    jti: made.jti,
    scope: made.actions.join(' '),
    authorization_details: made.details.length === 0 ? undefined : made.details,
    cnf: made.sender?.cnf,
    act,
    may_act: mayActOf(made.wanted, presented, me),
    reeve: { ...claims.reeve, tier: presented.standings[0].client.subject.tier, chain },
  }
}

/** The end of a token that this one would get itself now. */
const endOf = (parts: HotParts, { client: { subject }, credential }: Standing, iat: number): number => {
  const rules = parts.tiers[subject.tier]
  const ends = Math.min(endsUnder(credential, rules), subject.expiresAt.getTime())
  return Math.min(iat + rules.tokenSecondsDefault, Math.floor(ends / 1000))
}

// A holder that only narrows must not open what was kept for one.
const mayActOf = ({ mayAct }: ExchangeRequest, { subject: { claims } }: Presented, me: Standing) => {
  if (mayAct !== undefined) return { sub: mayAct }
  return me.client.subject.id === claims.client_id ? claims.may_act : undefined
}

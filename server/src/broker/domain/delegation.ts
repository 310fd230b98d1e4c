import { type AccessTokenClaims, type ActClaim, actorsOf, type ChainLink, delegationMax } from '@reeve/sdk'

/** What an exchange makes of a subject token: who acts then, and what the new token goes back to. */
export interface Delegation {
  readonly act: ActClaim | undefined
  readonly chain: readonly ChainLink[]
}

/** Why a client may not have it. */
export type DelegationProblem = 'delegate_not_named' | 'exchange_loop' | 'exchange_too_deep'

/** Who presents a subject token. */
export interface Presenter {
  readonly id: string
  /** Whether it serves the audience of the subject token, so that the token was sent to it. */
  readonly servesAudience: boolean
  /** What is presented: the subject token, and the actor token before it where there is one. */
  readonly links: readonly ChainLink[]
}

/**
 * RFC 8693 §4.1 and §4.4. The holder of a token only narrows it. Anybody else becomes its actor, and has to be the one that
 * the token names, or where it names nobody, whoever it was sent to.
 * INVARIANT: nobody becomes the subject; and whoever acted before stays in the chain, so that a stop of it still counts.
 */
export const delegate = (subject: AccessTokenClaims, by: Presenter): Delegation | DelegationProblem => {
  const { act: before, reeve, may_act: named, client_id: holder } = subject
  const chain = [...(reeve.chain ?? []), ...by.links]
  if (by.id === holder) return chain.length > delegationMax.links ? 'exchange_too_deep' : { act: before, chain }
  if (named === undefined ? !by.servesAudience : named.sub !== by.id) return 'delegate_not_named'
  if ([subject.sub, ...actorsOf(before)].includes(by.id)) return 'exchange_loop'
  const act = { sub: by.id, act: before }
  const isTooDeep = actorsOf(act).length > delegationMax.actors || chain.length > delegationMax.links
  return isTooDeep ? 'exchange_too_deep' : { act, chain }
}

/** A chain in words: the subject, and who acts for it, the one who acts now last. */
export const chainText = (subject: string, act: ActClaim | undefined): string =>
  [subject, ...actorsOf(act).toReversed()].join(' > ')

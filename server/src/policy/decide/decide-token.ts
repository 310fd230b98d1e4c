import type { CedarRecord, Obligation } from '@reeve/cedar'
import { type Random, timedId } from '../../kit/random.ts'
import type { EventDecision, Kept } from '../../ledger/event.ts'
import type { PolicyMemory } from '../memory.ts'
import { toldBy } from '../obligations.ts'
import { judgeToken } from './judge-token.ts'
import { asDecision } from './judgement.ts'

/** What a token request asks, as the broker names it; only server facts are in it. */
export interface TokenQuestion {
  readonly subject: { readonly id: string; readonly environment: string }
  readonly resource: { readonly id: string }
  readonly actions: readonly string[]
  readonly credential: { readonly kind: string; readonly createdAtMs?: number }
  readonly instance: string | null
  readonly sourceIp: string | null
  readonly sourceRegion?: string | null
  /** Whether the token will be bound to a key that who asks showed. */
  readonly isSenderConstrained?: boolean
  /** Of an authorization detail: what it says besides its actions. */
  readonly detail?: Readonly<Record<string, DetailValue>> | undefined
  /** Who acts with the token in the subject's place. */
  readonly actor?: { readonly id: string; readonly name: string } | undefined
  readonly now: Date
}

/** A value of a detail. */
type DetailValue = string | number | boolean | readonly string[]

// A list is a set there: nobody must read an order, or how often, into it.
const detailContext = (detail: Readonly<Record<string, DetailValue>>): CedarRecord =>
  Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  )

/** The answer, as the broker names it: allowed only when every action that was named is. */
export interface TokenVerdict {
  readonly isAllowed: boolean
  readonly actions: readonly string[]
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
  /** Of a refusal: what would have to be done first, as AuthZEN answers say it. */
  readonly obligations: readonly Obligation[]
}

/** Makes the decider of token requests; it answers from memory, which `warm` has filled. */
export const createTokenDecider =
  (memory: PolicyMemory, random: Random) =>
  (question: TokenQuestion): TokenVerdict => {
    const began = memory.durations.begin()
    const judgement = judgeToken(memory, {
      identityId: question.subject.id,
      environment: question.subject.environment,
      resourceId: question.resource.id,
      actions: question.actions,
      server: {
        sourceIp: question.sourceIp,
        sourceRegion: question.sourceRegion ?? null,
        credentialKind: question.credential.kind,
        credentialCreatedAtMs: question.credential.createdAtMs ?? null,
        instance: question.instance,
        actor: question.actor,
        isSenderConstrained: question.isSenderConstrained ?? false,
        detail: question.detail === undefined ? undefined : detailContext(question.detail),
      },
      now: question.now,
    })
    memory.durations.end(began)
    const { isAllowed, actions, kept } = judgement
    const decision = asDecision(judgement, timedId(random, 'dec', question.now))
    return {
      isAllowed,
      actions,
      decision,
      kept: [kept],
      obligations: isAllowed ? [] : toldBy(memory, judgement).obligations,
    }
  }

import type { Fault } from '../../kit/fault.ts'
import type { Detail } from '../domain/authorization-details.ts'
import { fault } from '../faults.ts'
import type { DelegationVerdict, TokenQuestion, TokenResource, TokenVerdict } from '../room.ts'
import { ISOLATION } from './grant.ts'
import type { HotParts } from './hot-parts.ts'
import { decideDetails, isWhole } from './judge-details.ts'
import type { OAuthRequest } from './oauth-request.ts'
import type { Standing } from './standing.ts'

/** What is asked of the policy for one exchange. */
export interface RightsAsked {
  readonly request: OAuthRequest
  /** The client, if it acts for the subject. */
  readonly actor: Standing | undefined
  /** Who acted for the subject before; what was permitted to them then has to be permitted still. */
  readonly actedBefore: readonly Standing[]
  readonly subject: Standing
  /** Who else has to have the right. */
  readonly alsoNeeded: readonly Standing[]
  readonly resource: TokenResource
  /** Whether the new token is bound to a key that the client showed. */
  readonly isSenderConstrained: boolean
  /** Empty: whatever all of them may do; undefined: no scope at all is asked for, only details. */
  readonly actions: readonly string[] | undefined
  /** What is asked for more exactly. */
  readonly details: readonly Detail[]
  readonly now: Date
}

/** One decision, with whom it is on. */
export interface Decided {
  readonly of: 'delegation' | 'subject' | 'actor'
  readonly who: Standing
  readonly verdict: DelegationVerdict
}

/** What may be given, or why nothing is; with every decision that was made for it, the last one last. */
export interface Rights {
  readonly actions: readonly string[]
  readonly refused: Fault | undefined
  readonly decided: readonly Decided[]
}

/** Asks the policy: whether all who act may act for the subject, the client first, then what each who needs the right may do. */
export const askRights = async (parts: HotParts, asked: RightsAsked): Promise<Rights> => {
  const { actor, actedBefore, subject, alsoNeeded } = asked
  const actors = [...(actor === undefined ? [] : [actor]), ...actedBefore]
  for (const { client } of [subject, ...actors, ...alsoNeeded]) await parts.decisions.warm(client.subject.id)
  const decided: Decided[] = []
  for (const who of actors) {
    const verdict = parts.decisions.mayActFor({
      actor: who.client.subject,
      subject: subject.client.subject,
      instance: who.instance,
      ...cameFrom(asked),
    })
    decided.push({ of: 'delegation', who, verdict })
    if (!verdict.isAllowed) return { actions: [], refused: refusal('delegation_denied', verdict), decided }
  }
  let actions: readonly string[] | undefined
  for (const who of [subject, ...alsoNeeded]) {
    const of = who === subject ? 'subject' : 'actor'
    const question = questionOf(asked, who)
    const refused = (verdict: TokenVerdict): Rights => ({
      actions: [],
      refused: refusal(DENIED[of], verdict, who.client.subject.name),
      decided,
    })
    if (asked.actions !== undefined) {
      const verdict = parts.decisions.decide({ ...question, actions: asked.actions })
      decided.push({ of, who, verdict })
      actions = actions?.filter((action) => verdict.actions.includes(action)) ?? verdict.actions
      const isAll = asked.actions.every((action) => verdict.actions.includes(action))
      if (!verdict.isAllowed || !isAll || actions.length === 0) return refused(verdict)
    }
    const verdicts = decideDetails(parts.decisions, asked.details, question)
    for (const verdict of verdicts) decided.push({ of, who, verdict })
    const lacking = verdicts.find((verdict, at) => !isWhole(verdict, asked.details[at]))
    if (lacking !== undefined) return refused(lacking)
  }
  return { actions: actions ?? [], refused: undefined, decided }
}

const DENIED = { subject: 'exchange_subject_denied', actor: 'exchange_actor_denied' } as const

const questionOf = (
  asked: RightsAsked,
  { client, credential, instance }: Standing,
): Omit<TokenQuestion, 'actions' | 'detail'> => {
  const { id, kind, createdAtMs } = credential
  const actor = asked.actor?.client.subject
  return {
    subject: client.subject,
    resource: asked.resource,
    credential: { id, kind, createdAtMs },
    instance,
    isSenderConstrained: asked.isSenderConstrained,
    actor: actor && { id: actor.id, name: actor.name },
    ...cameFrom(asked),
  }
}

const cameFrom = ({ request: { source }, now }: RightsAsked) => ({
  sourceIp: source.ip,
  sourceRegion: source.region,
  now,
})

// Outward, another environment is as good as not there, as where a token is asked for.
const refusal = (
  code: 'delegation_denied' | 'exchange_subject_denied' | 'exchange_actor_denied',
  { decision }: DelegationVerdict,
  about?: string,
): Fault =>
  decision.outcome === 'deny' && decision.policies.includes(ISOLATION)
    ? fault('resource_not_registered', { decisionId: decision.id })
    : fault(code, { decisionId: decision.id, ...(about === undefined ? {} : { about }) })

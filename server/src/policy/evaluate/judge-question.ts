import type { CedarRecord, Entity, EntityUid, Request } from '@reeve/cedar'
import type { Caller } from '../../kit/operation.ts'
import type { Kept } from '../../ledger/event.ts'
import { type Ancestor, ancestorsOf, EXCEEDS_PARENT } from '../decide/ancestry.ts'
import { answerAction } from '../decide/answer-action.ts'
import { at, contextOf } from '../decide/context.ts'
import { identityFacts } from '../decide/identity-facts.ts'
import { judgeToken } from '../decide/judge-token.ts'
import type { Judgement } from '../decide/judgement.ts'
import { uid } from '../memory/entities.ts'
import type { Warmed } from '../memory/identities.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { PolicyMemory } from '../memory.ts'
import type { Question } from './question.ts'
import { type OfApplication, type Resolved, strangerUid } from './resolve-question.ts'

/** The answer to one question, with what it was decided on. */
export interface Answered {
  readonly isAllowed: boolean
  readonly outcome: Judgement['outcome']
  readonly isEnforced: boolean
  readonly policies: readonly string[]
  readonly missing: readonly string[]
  readonly revision: string
  readonly request: AskedOf
}

/** What a question was decided on; of registered things it is kept apart, once for all decisions that share it. */
export interface AskedOf {
  readonly principal: EntityUid
  readonly action: string
  readonly resource: EntityUid
  readonly context: CedarRecord
  readonly entities: readonly Entity[]
  readonly kept: Kept | undefined
  /** Those above the identity that asks, who bound what it may. */
  readonly ancestors?: readonly Ancestor[]
}

/** Answers a question of which is known what it is about, from memory alone. */
export const judgeQuestion = (
  memory: PolicyMemory,
  question: Question,
  resolved: Exclude<Resolved, { of: 'malformed' }>,
  given: { readonly caller: Caller; readonly now: Date },
): Answered => {
  const began = memory.durations.begin()
  const answered = judgeResolved(memory, question, resolved, given)
  memory.durations.end(began)
  return answered
}

const judgeResolved: typeof judgeQuestion = (memory, question, resolved, given) => {
  if (resolved.of === 'application')
    return judgeApplication(memory, question, withFacts(resolved, given.caller), given.now)
  if (resolved.of === 'register') return judgeRegistered(memory, question, resolved, given)
  return refusedBy(memory, question, resolved.invariant)
}

/** The answer when there is nothing to decide on. */
export const refusedBy = (memory: PolicyMemory, question: Question, invariant: string): Answered => ({
  isAllowed: false,
  outcome: 'deny',
  isEnforced: true,
  policies: [invariant],
  missing: [],
  revision: memory.base().revision,
  request: {
    principal: strangerUid(question.subject),
    action: question.action.name,
    resource: strangerUid(question.resource),
    context: {},
    entities: [],
    kept: undefined,
  },
})

/** As a token would be decided: the server's facts are those of the caller where it asks about itself, else unknown. */
const judgeRegistered = (
  memory: PolicyMemory,
  question: Question,
  { warmed, resource, action }: Extract<Resolved, { of: 'register' }>,
  { caller, now }: { readonly caller: Caller; readonly now: Date },
): Answered => {
  const isSelf = caller.actor.id === warmed.identity.id
  const judged = judgeToken(memory, {
    identityId: warmed.identity.id,
    environment: warmed.identity.environment,
    resourceId: resource.id,
    actions: [action],
    server: {
      sourceIp: isSelf ? caller.source.ip : null,
      sourceRegion: isSelf ? caller.source.region : null,
      instance: isSelf ? caller.instance : null,
    },
    now,
  })
  const { isAllowed, outcome, isEnforced, policies, missing, revision, kept } = judged
  const principal = uid('Identity', warmed.identity.id)
  const asked = { principal, action: question.action.name, resource: uid('Resource', resource.id) }
  const request = { ...asked, context: {}, entities: [], kept }
  return { isAllowed, outcome, isEnforced, policies, missing, revision, request }
}

/**
 * Of a registered identity the server's facts are those of a token: what the register says of it, and where the request
 * comes from where it asks about itself. Of an application's own subjects the server knows none.
 */
const withFacts = (resolved: OfApplication, caller: Caller): OfApplication => {
  const { identity } = resolved
  if (identity === undefined) return resolved
  const isSelf = caller.actor.id === identity.identity.id
  const facts = contextOf({
    ...identityFacts(identity),
    sourceIp: isSelf ? caller.source.ip : null,
    sourceRegion: isSelf ? caller.source.region : null,
    instance: isSelf ? caller.instance : null,
  })
  return { ...resolved, context: { ...resolved.context, ...facts } }
}

const judgeApplication = (memory: PolicyMemory, question: Question, resolved: OfApplication, now: Date): Answered => {
  if (!memory.isComplete()) return refusedBy(memory, question, 'reeve:no-policy-set')
  const { principal, action, resource, context, entities, parts, isPrivileged } = resolved
  const request: Request = { principal, action, resource, context: at(context, now), entities: [...entities] }
  const engines = enforcementAt(memory, now)
  const lenience = { isReportOnly: false, isPrivileged }
  const above = resolved.identity === undefined ? [] : ancestorsOf(memory, resolved.identity)
  const own = answerAction(engines, request, lenience, parts)
  // A child is never wider than those above it, at an application's things neither.
  const isWithin = above?.every((ancestor) =>
    mayToo(ancestor, resolved, (asked) => answerAction(engines, asked, lenience), now),
  )
  const answer = own.isAllowed && isWithin !== true ? EXCEEDS_PARENT : own
  return {
    isAllowed: answer.isAllowed,
    outcome: answer.wouldAllow ? 'allow' : 'deny',
    isEnforced: answer.isAllowed === answer.wouldAllow,
    policies: answer.policies,
    missing: answer.missing,
    revision: memory.base().revision,
    request: {
      principal,
      action: action.id,
      resource,
      context,
      entities,
      kept: undefined,
      ...(above === undefined || above.length === 0
        ? {}
        : { ancestors: above.map((one) => asAncestor(one, resolved)) }),
    },
  }
}

const mayToo = (
  { identity, entities }: Warmed,
  resolved: OfApplication,
  answer: (asked: Request) => { readonly wouldAllow: boolean },
  now: Date,
): boolean => {
  const { type, action, resource, context } = resolved
  if (identity.state !== 'active' || identity.environment !== type.application.environment) return false
  const principal = uid('Identity', identity.id)
  const all = [...entities, ...thingsOf(resolved)]
  return answer({ principal, action, resource, context: at(context, now), entities: all }).wouldAllow
}

/** All but who asks. */
const thingsOf = ({ entities }: OfApplication): readonly Entity[] =>
  entities.filter(({ uid: { type } }) => type !== 'Reeve::Identity' && type !== 'Reeve::Team')

const asAncestor = ({ identity, entities }: Warmed, resolved: OfApplication): Ancestor => ({
  principal: uid('Identity', identity.id),
  entities: [...entities, ...thingsOf(resolved)],
  exception: null,
})

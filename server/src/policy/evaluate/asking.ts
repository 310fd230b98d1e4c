import type { Caller, Subject } from '../../kit/operation.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import type { CallDecision } from '../../kit/pipeline.ts'
import type { CallDecider } from '../decide/decide-call.ts'
import type { Application } from '../domain/application.ts'
import type { Resource } from '../domain/resource.ts'
import type { PolicyMemory } from '../memory.ts'
import { resourceSubject } from '../views.ts'
import type { Resolved } from './resolve-question.ts'

/** Who may ask what would be decided; itself a decision of the policy. */
export interface Asking {
  /** Whether the caller may ask anything at all. */
  atAll(caller: Caller, action: AskAction, now: Date): CallDecision
  /** Whether the caller may ask about this; what it may not ask about is to it as if it were not there. */
  about(caller: Caller, action: AskAction, resolved: Resolved, now: Date): boolean
  /** Whether the caller may ask about everything of this application. */
  aboutAll(caller: Caller, application: Application, now: Date): boolean
}

/** What a caller does when it asks. */
export type AskAction = 'policy.decision.evaluate' | 'policy.decision.search'

const REMEMBERED_MAX = 10_000

/** Makes it; the same question within a second, on the same policies and rights, is not judged again. */
export const createAsking = (memory: PolicyMemory, decider: CallDecider): Asking => {
  let engine = memory.enforced()
  let trial = memory.trial()
  let second = 0
  const known = new Map<string, CallDecision>()

  const decide = (caller: Caller, action: AskAction, subject: Subject, isParty: boolean, now: Date): CallDecision => {
    const nowSecond = Math.floor(now.getTime() / 1000)
    if (nowSecond !== second || engine !== memory.enforced() || trial !== memory.trial()) {
      known.clear()
      engine = memory.enforced()
      trial = memory.trial()
      second = nowSecond
    }
    const key = keyOf(memory, caller, action, subject, isParty)
    const remembered = known.get(key)
    if (remembered !== undefined) return remembered
    const decided = decider.decide({ caller, action, subject, isParty, now })
    if (known.size < REMEMBERED_MAX) known.set(key, decided)
    return decided
  }

  return {
    atAll: (caller, action, now) => decide(caller, action, DEPLOYMENT, isPartyAtAll(memory, caller), now),
    about: (caller, action, resolved, now) => {
      const subject = subjectOf(resolved)
      if (subject === undefined) return true
      return decide(caller, action, subject.subject, isPartyOf(caller, resolved, subject.servedBy), now).isAllowed
    },
    aboutAll: (caller, application, now) => {
      const { subject, servedBy } = ofApplication(application)
      const isParty = caller.actor.id !== null && servedBy.includes(caller.actor.id)
      return decide(caller, 'policy.decision.evaluate', subject, isParty, now).isAllowed
    },
  }
}

const callerKeys = new WeakMap<Caller, string>()

// INVARIANT: injective (JSON of lists, of which one line each), and all that the decision hangs on besides the engines
// and the second.
const keyOf = (memory: PolicyMemory, caller: Caller, action: AskAction, subject: Subject, isParty: boolean): string => {
  const known = callerKeys.get(caller) ?? callerKey(caller)
  callerKeys.set(caller, known)
  const serial = memory.warmed(caller.actor.id ?? '')?.serial ?? 0
  return `${known}\n${JSON.stringify([serial, action, subject.type, subject.id, isParty])}`
}

const callerKey = (caller: Caller): string =>
  JSON.stringify([
    caller.actor.principalType,
    caller.actor.id,
    caller.roles,
    caller.source.ip,
    caller.source.region,
    caller.instance,
    caller.workflow,
  ])

const isPartyAtAll = (memory: PolicyMemory, { actor }: Caller): boolean =>
  actor.principalType === 'nhi' && actor.id !== null && memory.warmed(actor.id) !== undefined

interface Served {
  readonly subject: Subject
  readonly servedBy: readonly string[]
}

// What is not known is nobody's: there is nothing to be kept from whoever may ask at all.
const subjectOf = (resolved: Resolved): Served | undefined => {
  if (resolved.of === 'register') return ofResource(resolved.resource)
  if (resolved.of === 'application') return ofApplication(resolved.type.application)
  const { about } = resolved
  if (about === undefined) return undefined
  return 'cedarType' in about ? ofApplication(about.application) : ofResource(about)
}

const ofResource = (resource: Resource): Served => ({
  subject: resourceSubject(resource),
  servedBy: resource.servedBy,
})

/** An application as the policy names it when somebody asks about its things. */
const ofApplication = ({ id, name, environment, askedBy }: Application): Served => ({
  subject: { type: 'Resource', id, name, environment, team: null },
  servedBy: askedBy,
})

const isPartyOf = ({ actor }: Caller, resolved: Resolved, servedBy: readonly string[]): boolean => {
  if (actor.principalType !== 'nhi' || actor.id === null) return false
  if (servedBy.includes(actor.id)) return true
  if (resolved.of === 'register') return resolved.warmed.identity.id === actor.id
  return resolved.of === 'application' && resolved.identity?.identity.id === actor.id
}

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
  // The same by the objects themselves, which most questions share: making a key takes longer than comparing them.
  let recent = new WeakMap<object, Recent>()

  const decide = (caller: Caller, action: AskAction, subject: Subject, isParty: boolean, now: Date): CallDecision => {
    const nowSecond = Math.floor(now.getTime() / 1000)
    if (nowSecond !== second || engine !== memory.enforced() || trial !== memory.trial()) {
      known.clear()
      recent = new WeakMap()
      engine = memory.enforced()
      trial = memory.trial()
      second = nowSecond
    }
    const serial = memory.warmed(caller.actor.id ?? '')?.serial ?? 0
    const bearer = caller.bearer ?? caller
    const last = recent.get(subject)
    if (last?.bearer === bearer && last.serial === serial && last.action === action && last.isParty === isParty)
      return last.decided
    // INVARIANT: injective, and all that the decision hangs on besides the engines and the second: the caller is one line
    // of JSON, the words after it have no spaces and no line breaks, and the id, which may have both, ends it.
    const key = `${keyOf(caller, bearer)}\n${serial} ${action} ${isParty} ${subject.type} ${subject.id === null ? 'none' : 'one'}\n${subject.id}`
    const decided = known.get(key) ?? decider.decide({ caller, action, subject, isParty, now })
    if (known.size < REMEMBERED_MAX) known.set(key, decided)
    recent.set(subject, { bearer, serial, action, isParty, decided })
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

/** What was decided last about a subject, and on what. */
interface Recent {
  readonly bearer: object
  readonly serial: number
  readonly action: AskAction
  readonly isParty: boolean
  readonly decided: CallDecision
}

const callerKeys = new WeakMap<object, string>()

const keyOf = (caller: Caller, bearer: object): string => {
  const known = callerKeys.get(bearer)
  if (known !== undefined) return known
  const key = callerKey(caller)
  callerKeys.set(bearer, key)
  return key
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
    caller.narrowedTo ?? null,
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

const served = new WeakMap<Application, Served>()

/** An application as the policy names it when somebody asks about its things. */
const ofApplication = (application: Application): Served => {
  const known = served.get(application)
  if (known !== undefined) return known
  const { id, name, environment, askedBy } = application
  const made: Served = { subject: { type: 'Resource', id, name, environment, team: null }, servedBy: askedBy }
  served.set(application, made)
  return made
}

const isPartyOf = ({ actor }: Caller, resolved: Resolved, servedBy: readonly string[]): boolean => {
  if (actor.principalType !== 'nhi' || actor.id === null) return false
  if (servedBy.includes(actor.id)) return true
  if (resolved.of === 'register') return resolved.warmed.identity.id === actor.id
  return resolved.of === 'application' && resolved.identity?.identity.id === actor.id
}

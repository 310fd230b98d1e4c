import { type Random, timedId } from '../../kit/random.ts'
import type { EventDecision, Kept } from '../../ledger/event.ts'
import type { Warmed } from '../memory/identities.ts'
import type { PolicyMemory } from '../memory.ts'
import { ancestorsOf } from './ancestry.ts'
import { judgeTimedCall } from './decide-call.ts'
import { asDecision, type Judgement } from './judgement.ts'

/** Whether one identity may act for another: `broker.token.exchange`, on the one that it acts for. */
export interface DelegationQuestion {
  readonly actor: Party
  readonly subject: Party
  readonly instance: string | null
  readonly sourceIp: string | null
  readonly sourceRegion: string | null
  readonly now: Date
}

interface Party {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly owner: { readonly id: string }
}

/** The answer, as the broker names it. */
export interface DelegationVerdict {
  readonly isAllowed: boolean
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
}

/** The action that a permit names; nothing permits it unless a policy of your own does. */
const EXCHANGE = 'broker.token.exchange'

/** Makes the decider of delegations; it answers from memory, which `warm` has filled with both. */
export const createDelegationDecider =
  (memory: PolicyMemory, random: Random) =>
  (question: DelegationQuestion): DelegationVerdict => {
    const began = memory.durations.begin()
    const judgement = judge(memory, question)
    memory.durations.end(began)
    return {
      isAllowed: judgement.isAllowed,
      decision: asDecision(judgement, timedId(random, 'dec', question.now)),
      kept: [judgement.kept],
    }
  }

/** Judges from memory; one that was allowed is remembered while nothing that it hangs on has changed. */
const judge = (memory: PolicyMemory, question: DelegationQuestion): Judgement => {
  const { actor, subject, now } = question
  const warmed = memory.warmed(actor.id)
  if (warmed === undefined || !memory.isComplete() || warmed.identity.state !== 'active')
    return judgeFor(memory, question, actor).judgement
  const above = aboveActor(memory, warmed, subject.id)
  const key = above && keyOf(memory, question, warmed, above)
  const known = key === undefined ? undefined : memory.verdicts.recall(key, now.getTime())
  if (known !== undefined) return known
  const own = judgeFor(memory, question, actor)
  if (!own.judgement.isAllowed) return own.judgement
  const judged = above?.map(({ identity: { id, name } }) => judgeFor(memory, question, { id, name }))
  if (judged?.every(({ judgement }) => judgement.isAllowed) !== true)
    return { ...own.judgement, isAllowed: false, actions: [], outcome: 'deny', policies: ['reeve:exceeds-parent'] }
  const untilMs = Math.min(...[own, ...judged].map((one) => one.untilMs()))
  if (key !== undefined && untilMs > now.getTime()) memory.verdicts.keep(key, own.judgement, untilMs)
  return own.judgement
}

// INVARIANT: injective (JSON of a list that no key of a token is), and all that the judgement hangs on: the memory forgets
// everything when its base changes, the serials stand for identities as they were read, and the moment is bounded apart.
const keyOf = (
  memory: PolicyMemory,
  { actor, subject, instance, sourceIp, sourceRegion }: DelegationQuestion,
  warmed: Warmed,
  above: readonly Warmed[],
): string | undefined => {
  const subjectSerial = memory.warmed(subject.id)?.serial
  // What is not in memory is judged by what the asker says of it, and not remembered.
  if (subjectSerial === undefined) return undefined
  const serials = [warmed.serial, subjectSerial, ...above.map(({ serial }) => serial)]
  return JSON.stringify([EXCHANGE, serials, actor.id, subject.id, instance, sourceIp, sourceRegion])
}

/**
 * Those above the actor who have to be let act for the subject as well: a child has no right that its parent has not. Where
 * the subject is one of them, it hands its own right down, and those above it are judged with it.
 */
const aboveActor = (memory: PolicyMemory, actor: Warmed, subjectId: string): readonly Warmed[] | undefined => {
  const ancestors = ancestorsOf(memory, actor)
  const at = ancestors?.findIndex(({ identity }) => identity.id === subjectId) ?? -1
  return at < 0 ? ancestors : ancestors?.slice(0, at)
}

const judgeFor = (
  memory: PolicyMemory,
  { subject, instance, sourceIp, sourceRegion, now }: DelegationQuestion,
  { id, name }: Pick<Party, 'id' | 'name'>,
): ReturnType<typeof judgeTimedCall> =>
  judgeTimedCall(memory, {
    caller: {
      actor: { principalType: 'nhi', id, name },
      roles: [],
      credential: null,
      instance,
      token: null,
      workflow: null,
      source: { ip: sourceIp, region: sourceRegion, userAgent: null },
      requestId: '',
      traceparent: null,
    },
    action: EXCHANGE,
    subject: {
      type: 'Identity',
      id: subject.id,
      name: subject.name,
      environment: subject.environment,
      team: subject.owner.id,
    },
    now,
  })

import { askedBy } from '../../kit/asked-by.ts'
import type { Clock } from '../../kit/clock.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Hot, Judged } from '../../kit/hot.ts'
import type { Caller } from '../../kit/operation.ts'
import type { MaybeLater } from '../../kit/when-there.ts'
import type { EventDecision, EventDraft, Kept } from '../../ledger/event.ts'
import type { CallDecider } from '../decide/decide-call.ts'
import { policyFault } from '../faults.ts'
import type { PolicyMemory } from '../memory.ts'
import { type Told, toldBy } from '../obligations.ts'
import type { PolicyPorts } from '../room.ts'
import { type AskAction, createAsking } from './asking.ts'
import { ASKED_OF, type DecisionRecord, decisionPool, EVALUATE } from './decision-page.ts'
import { judgeQuestion, refusedBy } from './judge-question.ts'
import type { Question } from './question.ts'
import { type Resolved, resolveQuestion } from './resolve-question.ts'
import { type Rulebook, rulebookOf } from './rulebook.ts'
import { type Found, searchFor, type Wanted } from './search.ts'

/** When a list of questions is answered no further. */
export type Semantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit'

/** Who asks, and what he calls his request. */
export interface Asker {
  readonly caller: Caller
  readonly askedAs: string | null
}

/** The answer to one question: a decision, or why there is none. */
export type Evaluated =
  | { readonly decided: DecisionRecord; readonly told: Told }
  | { readonly decided: undefined; readonly why: string }

/** Answers questions of applications, from memory; each answer is recorded before it is given. */
export interface QuestionEvaluator {
  /** Answers in order; a text in place of a question says what is wrong with it, and is a denial. */
  evaluate(asker: Asker, questions: readonly (Question | string)[], semantic: Semantic): Promise<readonly Evaluated[]>
  /** The same without a promise, for whoever answers thousands a second. Exactly one of both is called, once. */
  answer(asker: Asker, list: QuestionList, ends: Ends<readonly Evaluated[]>): void
  /** What would be permitted. */
  search(asker: Asker, wanted: Wanted): Promise<Found>
  /** All that questions about one application's registered things are decided on, for the identity that asks them. */
  rulebook(asker: Asker, application: string): Promise<HandedOut>
  /** Records a request that could not be read or proven, and hands the fault back. */
  refuse(asker: Asker, action: AskAction, fault: Fault): Promise<Fault>
}

/** A rulebook, with whom it was handed to and when. */
export interface HandedOut {
  readonly book: Rulebook
  readonly identity: string
  readonly owner: string
  readonly at: Date
}

/** What it stands on. */
export interface EvaluatorParts {
  readonly memory: PolicyMemory
  readonly decider: CallDecider
  readonly hot: Hot
  readonly clock: Clock
  readonly ports: Pick<PolicyPorts, 'cursors' | 'identities'>
  readonly db: Parameters<PolicyPorts['identities']['find']>[0]
}

/** By which decision somebody may ask, and what is kept of it. */
interface Permission {
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
}

/** Questions, of which a text says what is wrong with one, and when they are answered no further. */
export interface QuestionList {
  readonly questions: readonly (Question | string)[]
  readonly semantic: Semantic
}

/** Who is told how a call ended. */
interface Ends<T> {
  answered(value: T): void
  failed(error: unknown): void
}

type Admitted = { readonly refused: Judged<Fault> } | Permission

/** Makes the evaluator of this process. */
export const createEvaluator = (parts: EvaluatorParts): QuestionEvaluator => {
  const { memory, hot, clock } = parts
  const asking = createAsking(memory, parts.decider)
  const pool = decisionPool()

  /** Whether the caller may ask at all, by which decision; the refusal is recorded with it. */
  const admit = (asker: Asker, action: AskAction, now: Date): Admitted => {
    const { caller } = asker
    const fault =
      caller.refusal ?? (caller.actor.principalType === 'anonymous' ? coreFault('unauthenticated') : undefined)
    if (fault !== undefined) return { refused: { drafts: [draftOf(asker, action, { fault })], value: fault } }
    const { isAllowed, decision, kept } = asking.atAll(caller, action, now)
    if (isAllowed) return { decision, kept }
    const denied = coreFault('denied', { decisionId: decision.id })
    return { refused: { drafts: [draftOf(asker, action, { fault: denied, decision })], kept, value: denied } }
  }

  const judgeOne = (asker: Asker, question: Question | string, now: Date): Evaluated | Promise<Evaluated> => {
    if (typeof question === 'string') return { decided: undefined, why: question }
    const resolved = resolveQuestion(memory, question)
    return resolved instanceof Promise
      ? resolved.then((found) => judgeResolved(asker, question, found, now))
      : judgeResolved(asker, question, resolved, now)
  }

  const judgeResolved = (asker: Asker, question: Question, resolved: Resolved, now: Date): Evaluated => {
    const { caller, askedAs } = asker
    const mayAsk = asking.about(caller, EVALUATE, resolved, now)
    if (resolved.of === 'malformed' && mayAsk) return { decided: undefined, why: resolved.why }
    const answered =
      mayAsk && resolved.of !== 'malformed'
        ? judgeQuestion(memory, question, resolved, { caller, now })
        : refusedBy(memory, question, 'reeve:unknown-resource')
    return { decided: { id: '', caller, askedAs, answered }, told: toldBy(memory, answered) }
  }

  /** At once as long as memory has all that is named; nobody waits for a turn per question. */
  const judgeAll = (asker: Asker, list: QuestionList, now: Date, done: Evaluated[]): MaybeLater<Evaluated[]> => {
    const { questions, semantic } = list
    // Each answer that is there is pushed at its question's place.
    for (let at = done.length; at < questions.length; at++) {
      const one = judgeOne(asker, questions[at] ?? '', now)
      if (one instanceof Promise)
        return one.then((late) => {
          done.push(late)
          return isEnough(semantic, late) ? done : judgeAll(asker, list, now, done)
        })
      done.push(one)
      if (isEnough(semantic, one)) break
    }
    return done
  }

  const recordsOf = (asker: Asker, value: readonly Evaluated[]): Judged<readonly Evaluated[] | Fault> => {
    const records: DecisionRecord[] = []
    for (const { decided } of value) if (decided !== undefined) records.push(decided)
    if (records.length > 0) return { drafts: [], pooled: { pool, records }, value }
    const fault = coreFault('invalid_input')
    return { drafts: [draftOf(asker, EVALUATE, { fault })], value }
  }

  const ask = <T>(
    { asker, action, judge, isOvertaken }: Asked<T>,
    answered: (value: T) => void,
    failed: (error: unknown) => void,
  ): void => {
    const judgeNow = (): MaybeLater<Judged<T | Fault>> => {
      const now = clock.now()
      const admitted = admit(asker, action, now)
      return 'refused' in admitted ? admitted.refused : judge(now, admitted)
    }
    hot.ask<T | Fault>(
      {
        judge: () => {
          const proving = asker.caller.stillProven?.()
          return proving === undefined ? judgeNow() : proving.then(judgeNow)
        },
        isOvertaken: (one, other) =>
          !(one instanceof Fault) && !(other instanceof Fault) && isOvertaken?.(one, other) === true,
      },
      (end) => (end instanceof Fault ? failed(end) : answered(end)),
      failed,
    )
  }
  const run = <T>(asker: Asker, action: AskAction, judge: Asked<T>['judge']): Promise<T> =>
    new Promise((resolve, reject) => ask({ asker, action, judge }, resolve, reject))

  const answer: QuestionEvaluator['answer'] = (asker, list, { answered, failed }) => {
    const judge: Asked<readonly Evaluated[]>['judge'] = (now) => {
      const value = judgeAll(asker, list, now, [])
      return value instanceof Promise ? value.then((all) => recordsOf(asker, all)) : recordsOf(asker, value)
    }
    ask({ asker, action: EVALUATE, judge, isOvertaken: isAnyRefused }, answered, failed)
  }

  return {
    answer,
    evaluate: (asker, questions, semantic) =>
      new Promise((answered, failed) => answer(asker, { questions, semantic }, { answered, failed })),
    search: (asker, wanted) =>
      run<Found>(asker, 'policy.decision.search', async (now, { decision, kept }) => {
        const value = await searchFor({ ...parts, asking }, asker.caller, wanted, now)
        const evidence = { by: wanted.by, found: value.results.length, isComplete: value.next === undefined }
        return { drafts: [draftOf(asker, 'policy.decision.search', { evidence, decision })], kept, value }
      }),
    rulebook: (asker, name) =>
      run<HandedOut>(asker, EVALUATE, async (now, { decision, kept }) => {
        const { caller } = asker
        const { applications } = memory.base().stored
        const application = applications.find((one) => one.id === name || one.name === name)
        const holder = caller.actor.principalType === 'nhi' ? memory.warmed(caller.actor.id ?? '') : undefined
        if (application === undefined || holder === undefined || !asking.aboutAll(caller, application, now)) {
          const fault = policyFault('application_not_found', { about: name })
          return { drafts: [draftOf(asker, EVALUATE, { fault })], value: fault }
        }
        const book = rulebookOf(memory, application, now)
        const evidence = { rulebook: application.id, revision: book.revision, policies: book.policies.length }
        const { id: identity, owner } = holder.identity
        const value = { book, identity, owner: owner.id, at: now }
        return { drafts: [draftOf(asker, EVALUATE, { evidence, decision })], kept, value }
      }),
    // Who may not ask is told that, and nothing of what was wrong with the question.
    refuse: (asker, action, fault) =>
      hot.run({
        judge: async () => {
          const admitted = admit(asker, action, clock.now())
          return 'refused' in admitted
            ? admitted.refused
            : { drafts: [draftOf(asker, action, { fault })], value: fault }
        },
      }),
  }
}

/** A call on the hot path. */
interface Asked<T> {
  readonly asker: Asker
  readonly action: AskAction
  judge(now: Date, permission: Permission): MaybeLater<Judged<T | Fault>>
  isOvertaken?(recorded: T, newest: T): boolean
}

/** Rule 13: what was permitted before something was stopped is not answered after it. */
const isAnyRefused = (recorded: readonly Evaluated[], newest: readonly Evaluated[]): boolean =>
  recorded.some((one, at) => isPermit(one) && !isPermit(newest[at]))

const isPermit = (one: Evaluated | undefined): boolean => one?.decided?.answered.isAllowed === true

const isEnough = (semantic: Semantic, one: Evaluated): boolean =>
  semantic === 'execute_all' ? false : isPermit(one) === (semantic === 'permit_on_first_permit')

const draftOf = (
  { caller }: Asker,
  kind: AskAction,
  end: { readonly fault?: Fault; readonly decision?: EventDecision; readonly evidence?: EventDraft['evidence'] },
): EventDraft => ({
  kind,
  outcome: end.fault === undefined ? 'done' : 'refused',
  code: end.fault?.code ?? null,
  ...askedBy(caller),
  on: ASKED_OF,
  change: [],
  decision: end.decision ?? null,
  approval: null,
  evidence: end.evidence ?? {},
  tags: {},
})

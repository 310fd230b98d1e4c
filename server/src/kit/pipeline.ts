import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import { appendEvents, keepBeside } from '../ledger/append.ts'
import type { EventDecision, EventDraft, Kept } from '../ledger/event.ts'
import { askedBy } from './asked-by.ts'
import type { Changes } from './changes.ts'
import { checkTexts } from './check-texts.ts'
import type { Clock } from './clock.ts'
import type { AnyTx, Database } from './database.ts'
import { isDatabaseGone } from './database-gone.ts'
import { coreFault, Fault } from './fault.ts'
import type { Hot } from './hot.ts'
import { claimKey, type IdempotencyKey, recallAnswer, storeAnswer } from './idempotency.ts'
import { inputPlaces } from './input-places.ts'
import type { Log } from './log.ts'
import { type Caller, DEPLOYMENT, type Operation, type Ran, type Subject, UNOWNED } from './operation.ts'
import { plainIssue } from './plain-issue.ts'
import type { Random } from './random.ts'
import { EVERYTHING, type Scope } from './scope.ts'
import type { Sealer } from './seal.ts'
import { undone } from './undone.ts'

/** The policy's answer to one call, with what the record of it needs. */
export interface CallDecision {
  readonly isAllowed: boolean
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
}

/** What is asked of the policy about one call. */
export interface Asked {
  readonly caller: Caller
  readonly action: string
  readonly subject: Subject
  readonly now: Date
}

/** The one place that is asked whether a call may be made, and what of its answer may be seen; answers from memory. */
export interface Decider {
  decide(asked: Asked): CallDecision
  /** Whether the caller may know that this exists. */
  sees(asked: Omit<Asked, 'action'>): boolean
  /** Of a list that is refused as a whole: the teams whose part the caller may have, with the decision on those. */
  part(asked: Omit<Asked, 'subject'>): { readonly teams: readonly string[]; readonly answer: CallDecision } | undefined
}

/** The one way in: parse → prepare → BEGIN → decide → run → record → COMMIT. */
export interface Pipeline {
  call(operation: Operation, raw: unknown, caller: Caller, idempotencyKey?: string): Promise<unknown>
  /** Parses and prepares a call that is only to be tried out within another one. Throws what parsing throws. */
  rehearsal(operation: Operation, raw: unknown, caller: Caller): Promise<Rehearsal>
}

/** A call that is ready to be tried out. */
export interface Rehearsal {
  readonly input: unknown
  /** Judges and runs the call in this transaction, and undoes all that it wrote. Throws what the call would throw. */
  run(tx: AnyTx): Promise<void>
}

/** What the pipeline stands on. `committed` is told after each commit what it recorded. */
export interface PipelineParts {
  readonly database: Database
  readonly changes: Changes
  readonly hot: Hot
  readonly decider: Decider
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  committed(drafts: readonly EventDraft[]): void
}

/** The pipeline of this process. */
export const createPipeline = (parts: PipelineParts): Pipeline => ({
  call: async (operation, raw, caller, idempotencyKey) => {
    const trace: Trace = { subject: undefined, decision: undefined, kept: [], isDryRun: false }
    try {
      if (caller.refusal !== undefined) throw caller.refusal
      if (!operation.principals.includes(caller.actor.principalType)) throw notForThisPrincipal(caller)
      const input = parseInput(operation, raw)
      trace.isDryRun = isDryRun(input)
      const given = givenOf(parts, input, caller)
      if (operation.effect === 'read') return await read(parts, operation, given, trace)
      const key = idempotencyKey === undefined ? undefined : keyOf(operation, raw, caller, idempotencyKey)
      return await write(parts, operation, given, trace, key)
    } catch (error) {
      const fault = asFault(error, parts.log, operation.name)
      await recordEnd(parts, operation, caller, trace, fault)
      throw fault
    }
  },
  rehearsal: async (operation, raw, caller) => {
    if (!operation.principals.includes(caller.actor.principalType)) throw notForThisPrincipal(caller)
    const input = parseInput(operation, raw)
    const given = givenOf(parts, input, caller)
    if (operation.prepare !== undefined) await rehearsedSubject(parts, operation, given, parts.database.reader)
    const prepared = await operation.prepare?.(given)
    return { input, run: (tx) => undone(tx, () => rehearse(parts, operation, { ...given, tx, prepared })) }
  },
})

/** What is tried out must be the caller's to do, or the answer would tell of what the caller may not know. */
const rehearse = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall & { readonly tx: AnyTx; readonly prepared: unknown },
): Promise<void> => {
  await rehearsedSubject(parts, operation, given, given.tx)
  await operation.run(given)
}

const rehearsedSubject = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  tx: unknown,
): Promise<void> => {
  const trace: Trace = { subject: undefined, decision: undefined, kept: [], isDryRun: true }
  const subject = await subjectOf(parts, operation, given, { tx }, trace)
  if (decide(parts, operation, given, subject).answer.isAllowed) return
  if (!given.sees(subject)) throw coreFault('not_found')
  throw coreFault('denied', { about: `${operation.name} itself` })
}

const givenOf = (parts: PipelineParts, input: unknown, caller: Caller): GivenCall => {
  const now = parts.clock.now()
  return {
    input,
    caller,
    now,
    newId: (prefix) => parts.random.id(prefix),
    sees: (subject) => parts.decider.sees({ caller, subject, now }),
  }
}

/** What is known of a call so far, for the record of how it ended. */
interface Trace {
  subject: Subject | undefined
  decision: EventDecision | undefined
  kept: readonly Kept[]
  isDryRun: boolean
}

interface GivenCall {
  readonly input: unknown
  readonly caller: Caller
  readonly now: Date
  newId(prefix: string): string
  sees(subject: Subject): boolean
}

const parseInput = (operation: Operation, raw: unknown): unknown => {
  const parsed = operation.input.safeParse(raw, { error: plainIssue })
  if (parsed.success) {
    const refused = checkTexts(parsed.data)
    if (refused !== undefined) throw refused
    return parsed.data
  }
  throw coreFault('invalid_input', { places: inputPlaces(parsed.error.issues) })
}

/** An operation that may be tried out says so in its input. */
const isDryRun = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && Reflect.get(input, 'dryRun') === true

const notForThisPrincipal = (caller: Caller): Fault =>
  coreFault(caller.actor.principalType === 'anonymous' ? 'unauthenticated' : 'wrong_principal_type')

/**
 * What the call is about, decided. INVARIANT: to whom something is hidden it is `not_found`, in the words, and after the
 * work and the record, of what does not exist; who may know of it and may not do this is told of the decision.
 */
const judge = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  handle: { readonly db: unknown } | { readonly tx: unknown },
  trace: Trace,
): Promise<{ readonly subject: Subject; readonly scope: Scope }> => {
  const subject = await subjectOf(parts, operation, given, handle, trace)
  const { answer, scope } = decide(parts, operation, given, subject)
  keep(trace, subject, answer)
  if (answer.isAllowed) return { subject, scope }
  if (!given.sees(subject)) throw coreFault('not_found')
  throw coreFault('denied', { decisionId: answer.decision.id })
}

const decide = (
  { decider }: PipelineParts,
  operation: Operation,
  { caller, now }: GivenCall,
  subject: Subject,
): { readonly answer: CallDecision; readonly scope: Scope } => {
  const asked = { caller, action: operation.name, now }
  const whole = decider.decide({ ...asked, subject })
  const isWhole = subject.type === 'Deployment' && subject.isUnowned !== true
  const part = whole.isAllowed || !operation.isList || !isWhole ? undefined : decider.part(asked)
  if (part === undefined) return { answer: whole, scope: EVERYTHING }
  return { answer: part.answer, scope: { all: false, teams: part.teams } }
}

const subjectOf = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  handle: object,
  trace: Trace,
): Promise<Subject> => {
  try {
    return await operation.on({ ...given, ...handle })
  } catch (error) {
    // Who may see everything is told what is missing; nothing is hidden from them.
    if (!(error instanceof Fault) || error.kind !== 'not_found' || given.sees(UNOWNED)) throw error
    keep(trace, DEPLOYMENT, decide(parts, operation, given, UNOWNED).answer)
    throw coreFault('not_found')
  }
}

const keep = (trace: Trace, subject: Subject, answer: CallDecision): void => {
  trace.subject = subject
  trace.decision = answer.decision
  trace.kept = answer.kept
}

const read = async (parts: PipelineParts, operation: Operation, given: GivenCall, trace: Trace): Promise<unknown> => {
  const db = parts.database.reader
  // The answer leaves after the record of it is durable, and is judged again if anything changed until then (rule 13).
  const judgeRead = async () => {
    await given.caller.stillProven?.()
    const { subject, scope } = await judge(parts, operation, given, { db }, trace)
    const ran = await operation.run({ ...given, db, scope })
    const done = { outcome: 'done', code: null } as const
    // A page of a part is told from a page of everything.
    const told = { output: undefined, evidence: { ...ran.evidence, ...(scope.all ? {} : partOf(scope.teams)) } }
    const draft = draftOf(operation, given.caller, { ...trace, subject: ran.on ?? subject }, done, told)
    return { drafts: [draft], kept: trace.kept, value: ran.output }
  }
  const answer = await parts.hot.run<unknown>({ judge: judgeRead, readsDatabase: true })
  if (answer instanceof Fault) throw answer
  return answer
}

const partOf = (teams: readonly string[]) => ({ teams: teams.join(' ') })

const write = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  trace: Trace,
  key: IdempotencyKey | undefined,
): Promise<unknown> => {
  const known = key === undefined ? undefined : await recallAnswer(parts.database.reader, parts.sealer, key, given.now)
  if (known !== undefined) return replay(parts, operation, given, known.answer, trace)
  // What costs something, or tells of what is there, is prepared only for who may call; it is judged again below.
  if (operation.prepare !== undefined) await judge(parts, operation, given, { tx: parts.database.reader }, trace)
  const prepared = await operation.prepare?.(given)
  const { output, draft } = await parts.database.write(async (tx: AnyTx) => {
    if (key !== undefined) await claimKey(tx, key, given.now)
    // Whatever another replica committed before this transaction began counts here, whoever brought it to this memory.
    await parts.changes.refresh(tx)
    await given.caller.stillProven?.()
    const { subject } = await judge(parts, operation, given, { tx }, trace)
    const work = (): Promise<Ran<unknown>> => operation.run({ ...given, tx, prepared })
    // INVARIANT: whatever an operation does in a dry run, nothing of it stays, and no memory hears of it.
    const ran = trace.isDryRun ? await undone(tx, work) : await work()
    const draft = draftOf(
      operation,
      given.caller,
      { ...trace, subject: ran.on ?? subject },
      { outcome: 'done', code: null },
      ran,
    )
    await keepBeside(tx, [...trace.kept, ...(ran.kept ?? [])], given.now)
    await appendEvents(tx, [draft], { random: parts.random, now: given.now })
    if (key !== undefined) await storeAnswer(tx, parts.sealer, key, ran.output)
    await parts.changes.signal(tx, trace.isDryRun ? [] : (ran.signals ?? []))
    return { output: ran.output, draft }
  })
  parts.committed([draft])
  await parts.changes.catchUp()
  return output
}

/**
 * A repeat has no effect and gets the first answer, if the caller may still make the call: the answer may hold a secret,
 * and a right that was taken away is gone for repeats as well. That it was asked for again is recorded.
 */
const replay = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  answer: unknown,
  trace: Trace,
): Promise<unknown> => {
  const ran: Ran<unknown> = { output: answer, evidence: { replay: true } }
  const judgeRepeat = async () => {
    await given.caller.stillProven?.()
    await judge(parts, operation, given, { tx: parts.database.reader }, trace)
    const draft = draftOf(operation, given.caller, trace, { outcome: 'done', code: null }, ran)
    return { drafts: [draft], kept: trace.kept, value: answer }
  }
  const repeated = await parts.hot.run<unknown>({ judge: judgeRepeat, readsDatabase: true })
  if (repeated instanceof Fault) throw repeated
  return repeated
}

/** A refusal and a failure are recorded as well; if even that cannot be kept, the caller is told so. */
const recordEnd = async (
  parts: PipelineParts,
  operation: Operation,
  caller: Caller,
  trace: Trace,
  fault: Fault,
): Promise<void> => {
  const outcome = fault.kind === 'internal' || fault.kind === 'unavailable' ? 'failed' : 'refused'
  const draft = draftOf(operation, caller, trace, { outcome, code: fault.code })
  await parts.hot.run({ judge: async () => ({ drafts: [draft], kept: trace.kept, value: undefined }) })
}

const asFault = (error: unknown, log: Log, operation: string): Fault => {
  if (error instanceof Fault) {
    if (error.kind === 'internal')
      log.error({ operation, fault: error.code, detail: error.extras.detail }, 'internal fault')
    return error
  }
  if (isDatabaseGone(error)) {
    log.error({ operation, err: error }, 'database not reachable')
    return coreFault('unavailable', { retryAfterSeconds: 2, cause: error })
  }
  log.error({ operation, err: error }, 'a call failed for a reason of ours')
  return coreFault('internal', { cause: error })
}

const draftOf = (
  operation: Operation,
  caller: Caller,
  trace: Trace,
  end: { outcome: EventDraft['outcome']; code: string | null },
  ran?: Ran<unknown>,
): EventDraft => ({
  kind: operation.name,
  // Nobody may read a dry run as done.
  outcome: trace.isDryRun && end.outcome === 'done' ? 'dry-run' : end.outcome,
  code: end.code,
  ...askedBy(caller),
  on: targetOf(trace.subject),
  change: trace.isDryRun ? [] : (ran?.change ?? []),
  decision: trace.decision ?? null,
  approval: ran?.approval ?? null,
  evidence: trace.isDryRun ? { ...ran?.evidence, isDryRun: true } : (ran?.evidence ?? {}),
  tags: trace.subject?.tags ?? {},
})

const targetOf = (subject: Subject | undefined): EventDraft['on'] =>
  subject === undefined
    ? null
    : {
        type: subject.type,
        id: subject.id,
        name: subject.name,
        environment: subject.environment,
        team: subject.team,
      }

const keyOf = (operation: Operation, raw: unknown, caller: Caller, key: string): IdempotencyKey => ({
  // Strangers share no keys: what one was answered is not another's to ask for.
  caller: caller.actor.id ?? `anonymous ${caller.source.ip ?? ''}`,
  key,
  request: createHash('sha256')
    .update(canonicalize({ operation: operation.name, raw: raw ?? null }))
    .digest('base64url'),
})

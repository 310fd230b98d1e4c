import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import { appendEvents, keepBeside } from '../ledger/append.ts'
import type { EventDecision, EventDraft, Kept } from '../ledger/event.ts'
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
import type { Caller, Operation, Ran, Subject } from './operation.ts'
import type { Random } from './random.ts'
import type { Sealer } from './seal.ts'
import { undone } from './undone.ts'

/** The policy's answer to one call, with what the record of it needs. */
export interface CallDecision {
  readonly isAllowed: boolean
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
}

/** The one place that is asked whether a call may be made; answers from memory. */
export interface Decider {
  decide(asked: {
    readonly caller: Caller
    readonly action: string
    readonly subject: Subject
    readonly now: Date
  }): CallDecision
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
      const given = { input, caller, now: parts.clock.now(), newId: (prefix: string) => parts.random.id(prefix) }
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
    const given = { input, caller, now: parts.clock.now(), newId: (prefix: string) => parts.random.id(prefix) }
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
  const { caller, now } = given
  const subject = await operation.on(given)
  const { isAllowed } = parts.decider.decide({ caller, action: operation.name, subject, now })
  if (!isAllowed) throw coreFault('denied', { about: `${operation.name} itself` })
  await operation.run(given)
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
}

const parseInput = (operation: Operation, raw: unknown): unknown => {
  const parsed = operation.input.safeParse(raw)
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

const decide = (
  parts: PipelineParts,
  operation: Operation,
  caller: Caller,
  subject: Subject,
  now: Date,
  trace: Trace,
): void => {
  const answer = parts.decider.decide({ caller, action: operation.name, subject, now })
  trace.subject = subject
  trace.decision = answer.decision
  trace.kept = answer.kept
  if (!answer.isAllowed) throw coreFault('denied', { decisionId: answer.decision.id })
}

const read = async (parts: PipelineParts, operation: Operation, given: GivenCall, trace: Trace): Promise<unknown> => {
  const db = parts.database.reader
  let isAgain = false
  // The answer leaves after the record of it is durable, and is judged again if anything changed until then (rule 13).
  const judge = async () => {
    if (isAgain) await given.caller.stillProven?.()
    isAgain = true
    const subject = await operation.on({ ...given, db })
    decide(parts, operation, given.caller, subject, given.now, trace)
    const ran = await operation.run({ ...given, db })
    const done = { outcome: 'done', code: null } as const
    const draft = draftOf(operation, given.caller, { ...trace, subject: ran.on ?? subject }, done)
    return { drafts: [draft], kept: trace.kept, value: ran.output }
  }
  const answer = await parts.hot.run<unknown>({ judge, readsDatabase: true })
  if (answer instanceof Fault) throw answer
  return answer
}

const write = async (
  parts: PipelineParts,
  operation: Operation,
  given: GivenCall,
  trace: Trace,
  key: IdempotencyKey | undefined,
): Promise<unknown> => {
  const known = key === undefined ? undefined : await recallAnswer(parts.database.reader, parts.sealer, key, given.now)
  if (known !== undefined) return replay(parts, operation, given, known.answer, trace)
  const prepared = await operation.prepare?.(given)
  const { output, draft } = await parts.database.write(async (tx: AnyTx) => {
    if (key !== undefined) await claimKey(tx, key, given.now)
    // Whatever another replica committed before this transaction began counts here.
    if (await parts.changes.refresh(tx)) await given.caller.stillProven?.()
    const subject = await operation.on({ ...given, tx })
    decide(parts, operation, given.caller, subject, given.now, trace)
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
  const subject = await operation.on({ ...given, tx: parts.database.reader })
  decide(parts, operation, given.caller, subject, given.now, trace)
  const ran: Ran<unknown> = { output: answer, evidence: { replay: true } }
  const draft = draftOf(operation, given.caller, trace, { outcome: 'done', code: null }, ran)
  return parts.hot.run({ judge: async () => ({ drafts: [draft], kept: trace.kept, value: answer }) })
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
      log.error({ operation, code: error.code, detail: error.extras.detail }, 'internal fault')
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
  actor: caller.actor,
  instance: caller.instance,
  credential: caller.credential,
  token: caller.token,
  workflow: caller.workflow,
  on: targetOf(trace.subject),
  change: trace.isDryRun ? [] : (ran?.change ?? []),
  decision: trace.decision ?? null,
  approval: ran?.approval ?? null,
  evidence: trace.isDryRun ? { ...ran?.evidence, isDryRun: true } : (ran?.evidence ?? {}),
  tags: trace.subject?.tags ?? {},
  source: caller.source,
  correlation: { requestId: caller.requestId, traceparent: caller.traceparent, cause: null },
})

const targetOf = (subject: Subject | undefined): EventDraft['on'] =>
  subject === undefined
    ? null
    : { type: subject.type, id: subject.id, name: subject.name, environment: subject.environment }

const keyOf = (operation: Operation, raw: unknown, caller: Caller, key: string): IdempotencyKey => ({
  // Strangers share no keys: what one was answered is not another's to ask for.
  caller: caller.actor.id ?? `anonymous ${caller.source.ip ?? ''}`,
  key,
  request: createHash('sha256')
    .update(canonicalize({ operation: operation.name, raw: raw ?? null }))
    .digest('base64url'),
})

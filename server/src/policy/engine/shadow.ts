import { Worker } from 'node:worker_threads'
import type { Decided } from './decide.ts'
import { type Judgement, judgementText } from './judgement.ts'
import type { ShadowQuestion } from './shadow-worker.ts'

/** Two engines that do not agree on a request. */
export interface ShadowDifference {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly compiled: string
  readonly official: string
}

/** How many decisions were decided again, and with what result. */
export interface ShadowCounts {
  readonly equal: number
  readonly different: number
  /** Not decided again: others were waiting, it was too large, or the worker did not answer. */
  readonly dropped: number
}

/** Has some of the live decisions decided again by the official engine, in a thread of its own. */
export interface Shadow {
  watch(decided: Decided): void
  counts(): ShadowCounts
  /** The differences that nobody has taken yet, a bounded number of them. */
  differences(): readonly ShadowDifference[]
  /** Forgets differences that were reported. */
  forget(reported: readonly ShadowDifference[]): void
  close(): Promise<void>
}

/**
 * A shadow that looks at one decision in so many; 0 looks at none.
 *
 * INVARIANT: it costs a decision next to nothing, whatever happens to it: one question at a time, few waiting, none too
 * large, none for too long; and the thread, with all its memory, ends when nothing was asked for a while.
 */
export const createShadow = (given: { every: number; differed?: (difference: ShadowDifference) => void }): Shadow => {
  const counts = { equal: 0, different: 0, dropped: 0 }
  const waiting: Waiting[] = []
  let differences: ShadowDifference[] = []
  let seen = 0
  let thread: Thread | undefined
  let idle: NodeJS.Timeout | undefined

  const ask = (): void => {
    const [next] = waiting
    clearTimeout(idle)
    if (next === undefined) idle = setTimeout(end, IDLE_MS_MAX).unref()
    else {
      thread ??= startThread(settled)
      thread.ask(next.question)
    }
  }
  const settled = (official: Judgement | undefined): void => {
    const asked = waiting.shift()
    // Without an answer the thread is in an unknown state.
    if (official === undefined) end()
    if (asked) note(asked, official)
    ask()
  }
  const note = ({ question, compiled }: Waiting, official: Judgement | undefined): void => {
    if (official === undefined) counts.dropped++
    else if (judgementText(official) === judgementText(compiled)) counts.equal++
    else {
      counts.different++
      const difference = differenceOf(question, compiled, official)
      if (differences.length < DIFFERENCES_MAX) differences.push(difference)
      given.differed?.(difference)
    }
  }
  const end = (): void => {
    clearTimeout(idle)
    thread?.end()
    thread = undefined
  }

  return {
    watch({ judgement, again }) {
      if (given.every === 0 || ++seen % given.every !== 0) return
      const question = waiting.length < WAITING_MAX ? questionOf(again()) : undefined
      if (question === undefined) counts.dropped++
      else if (waiting.push({ question, compiled: judgement }) === 1) ask()
    },
    counts: () => ({ ...counts }),
    differences: () => differences,
    forget(reported) {
      differences = differences.filter((difference) => !reported.includes(difference))
    },
    close: async () => {
      waiting.length = 0
      end()
    },
  }
}

const WAITING_MAX = 16
const POLICIES_MAX = 500
const LENGTH_MAX = 256 * 1024
const DIFFERENCES_MAX = 20
const ANSWER_MS_MAX = 10_000
const IDLE_MS_MAX = 30_000
const HEAP_MB_MAX = 64

interface Waiting {
  readonly question: ShadowQuestion
  readonly compiled: Judgement
}

interface Thread {
  ask(question: ShadowQuestion): void
  end(): void
}

/** The policies as the worker needs them, copied while the decision that they made is fresh. */
const questionOf = ({ request, policies }: ReturnType<Decided['again']>): ShadowQuestion | undefined => {
  if (policies.length > POLICIES_MAX) return undefined
  const plain = policies.map(({ id, isCritical, serial, source }) => ({
    id,
    isCritical,
    serial,
    source: { text: source.text },
  }))
  const length = plain.reduce((sum, policy) => sum + policy.source.text.length, JSON.stringify(request).length)
  return length > LENGTH_MAX ? undefined : { policies: plain, request }
}

const differenceOf = ({ request }: ShadowQuestion, compiled: Judgement, official: Judgement): ShadowDifference => {
  const name = ({ type, id }: { type: string; id: string }): string => `${type}::${JSON.stringify(id)}`
  return {
    principal: name(request.principal),
    action: name(request.action),
    resource: name(request.resource),
    compiled: judgementText(compiled),
    official: judgementText(official),
  }
}

/** A worker with one question at a time; `settled` is called once for each, without a judgement if there was none. */
const startThread = (settled: (judgement: Judgement | undefined) => void): Thread => {
  const worker = new Worker(new URL('./shadow-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    env: {},
    stdout: true,
    stderr: true,
  })
  worker.unref()
  let isAsked = false
  let timer: NodeJS.Timeout | undefined
  const settle = (judgement: Judgement | undefined): void => {
    clearTimeout(timer)
    if (!isAsked) return
    isAsked = false
    settled(judgement)
  }
  worker.on('message', (judgement: Judgement) => settle(judgement))
  worker.on('error', () => settle(undefined))
  worker.on('exit', () => settle(undefined))
  return {
    ask(question) {
      isAsked = true
      timer = setTimeout(() => settle(undefined), ANSWER_MS_MAX).unref()
      worker.postMessage(question)
    },
    end() {
      isAsked = false
      clearTimeout(timer)
      void worker.terminate()
    },
  }
}

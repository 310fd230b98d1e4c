import { type BoundedAnswer, type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import { type Clock, pause } from '../clock.ts'
import { jittered, type Random } from '../random.ts'
import { queryText } from './query-text.ts'
import { ReeveError } from './reeve-error.ts'
import { retryAfterSeconds } from './retry-after.ts'

/** What a call needs from its client. */
export interface Sender {
  readonly baseUrl: string
  /** The headers that say who calls, made anew for each try. */
  readonly authorize: (method: string, url: string) => Promise<Readonly<Record<string, string>>>
  readonly fetch: Fetch
  readonly triesMax: number
  readonly timeoutMs: number
  readonly userAgent: string | undefined
  readonly clock: Clock
  readonly random: Random
}

/** One call of an operation. */
export interface Outgoing {
  readonly name: string
  readonly isRead: boolean
  readonly input: unknown
  readonly idempotencyKey: string
  readonly signal: AbortSignal | undefined
}

/** Calls an operation and repeats what may be repeated: a read, or a write under its one idempotency key. */
export const send = async (sender: Sender, call: Outgoing): Promise<unknown> => {
  const signal = call.signal ?? new AbortController().signal
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted()
    const answer = await once(sender, call)
    signal.throwIfAborted()
    if ('output' in answer) return answer.output
    const waitMs = waitBefore(tried, answer.error, sender.random)
    if (tried >= sender.triesMax || !mayHelp(answer.error) || waitMs > WAIT_MS_MAX) throw answer.error
    await pause(sender.clock, waitMs, signal)
  }
}

const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const WAIT_MS_MAX = 10_000
const FIRST_WAIT_MS = 400

const RETRIED_STATUS = new Set([429, 502, 503, 504])
// `idempotency_busy`: the first try is still at work, and its answer is the answer to this one.
const RETRIED_CODES = new Set(['unreachable', 'timed_out', 'idempotency_busy'])

const mayHelp = (error: ReeveError): boolean => RETRIED_STATUS.has(error.status) || RETRIED_CODES.has(error.code)

/** Never sooner than the server asked for, and spread, so that many clients do not come back at once. */
const waitBefore = (tried: number, error: ReeveError, random: Random): number =>
  Math.max((error.retryAfterSeconds ?? 0) * 1000, jittered(FIRST_WAIT_MS * 2 ** (tried - 1), random))

type Answer = { readonly output: unknown } | { readonly error: ReeveError }

const once = async (sender: Sender, call: Outgoing): Promise<Answer> => {
  const url = `${sender.baseUrl}/v1/${call.name}`
  const method = call.isRead ? 'GET' : 'POST'
  const authorization = await sender.authorize(method, url)
  try {
    const answer = await fetchText(sender, call.isRead ? url + queryText(call.input) : url, {
      method,
      headers: {
        accept: 'application/json',
        ...authorization,
        ...(sender.userAgent === undefined ? {} : { 'user-agent': sender.userAgent }),
        ...(call.isRead ? {} : { 'content-type': 'application/json', 'idempotency-key': call.idempotencyKey }),
      },
      ...(call.isRead ? {} : { body: JSON.stringify(call.input ?? {}) }),
      bytesMax: ANSWER_BYTES_MAX,
      timeoutMs: sender.timeoutMs,
      signal: call.signal,
    })
    return understood(answer, sender)
  } catch (cause) {
    if (!(cause instanceof Unreachable)) throw cause
    // An abort by the caller ends in `send`; any other abort is the time limit.
    const isLate = cause.message === 'timed out' || cause.message === 'aborted'
    const detail = isLate
      ? `${sender.baseUrl} did not answer within ${sender.timeoutMs / 1000} s`
      : `${sender.baseUrl} gave no usable answer: ${cause.message}`
    return { error: new ReeveError(0, { code: isLate ? 'timed_out' : 'unreachable', detail }, { cause }) }
  }
}

/** A 2xx with JSON is an answer; anything else is an error, also a page of something that is not a Reeve server. */
const understood = ({ status, headers, text }: BoundedAnswer, { baseUrl, clock }: Sender): Answer => {
  const body = parsed(text)
  if (status >= 200 && status < 300 && body !== undefined) return { output: body }
  const problem =
    typeof body === 'object' && body !== null && 'code' in body ? body : { detail: oddAnswer(status, baseUrl) }
  const retryAfter = retryAfterSeconds(headers.get('retry-after'), clock.nowMs())
  return { error: new ReeveError(status, { ...(retryAfter === undefined ? {} : { retryAfter }), ...problem }) }
}

const oddAnswer = (status: number, baseUrl: string): string =>
  `${baseUrl} answered ${status}, and not as a Reeve server does`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

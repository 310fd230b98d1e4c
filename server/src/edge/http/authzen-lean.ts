import type { Socket } from 'node:net'
import type { Clock } from '../../kit/clock.ts'
import { Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import type { Caller } from '../../kit/operation.ts'
import { type Random, timedId } from '../../kit/random.ts'
import type { Asker, Evaluated, QuestionEvaluator, QuestionList } from '../../policy/index.ts'
import { type Proven, sourceFrom, traceparentOf } from './authenticate.ts'
import { answerText, SEARCHES } from './authzen.ts'
import { type AskedQuestions, readEvaluation, readEvaluations } from './authzen-body.ts'
import { askedAs, errorAnswer, toInternal } from './authzen-error.ts'
import type { Door, Lean, LeanRequest } from './door.ts'
import { createLeanAnswer, type LeanReply } from './lean-answer.ts'
import type { LeanResponse } from './lean-response.ts'
import type { Metrics } from './metrics.ts'
import type { Regions } from './regions.ts'
import { BODY_BYTES_MAX, decodeBody } from './server.ts'
import { parseStrictJson } from './strict-json.ts'

/** What the lean way stands on. */
export interface LeanParts {
  readonly evaluator: QuestionEvaluator
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Pick<Metrics, 'requestSeconds'>
  readonly regions: Regions
  issuer(): string
  /** What a token proves, at once; undefined when memory lacks what it takes, and a fault for what proves nothing. */
  known(token: string): Proven | undefined
  /** Looks again whether a token still proves it; throws the fault when it does not. */
  stillProven(token: string): Promise<unknown>
  /** How far the memory that tokens are looked at in is true (`Changes.applied`). */
  applied(): number
  /** Whether anything may be answered at all. */
  mayServe(): boolean
}

/** Evaluation and evaluations as most ask them: a known token and a body without fault. All else takes the ordinary way. */
export const openAuthzen = (door: Door, parts: LeanParts): void => {
  for (const path of LIMITED) {
    const answer = createLeanAnswer(path, parts)
    door.limit(path, {
      bodyBytesMax: BODY_BYTES_MAX,
      mayPass: () => false,
      refuse: (fault, response) => {
        const requestId = timedId(parts.random, 'req', parts.clock.now())
        const reply = { response, startedMs: parts.clock.monotonicMs(), name: requestId }
        answer(errorAnswer(fault, requestId, parts.issuer()), reply)
      },
    })
  }
  const bearerOf = createBearers(parts)
  for (const [path, read] of [
    ['/access/v1/evaluation', readEvaluation],
    ['/access/v1/evaluations', readEvaluations],
  ] as const) {
    const answer = createLeanAnswer(path, parts)
    const take: Lean = (asked, response) => {
      const startedMs = parts.clock.monotonicMs()
      const given = tried(parts, asked, read, bearerOf)
      if (given === 'unknown') return asked.mayWait ? warmed(asked, response) : false
      if (given === undefined) return false
      const { asker, questions } = given
      const isList = 'questions' in questions
      const list: QuestionList = isList ? questions : { questions: [questions], semantic: 'execute_all' }
      const { requestId } = asker.caller
      // §10.1.3: the caller's own name of its request comes back.
      const reply: LeanReply = { response, startedMs, name: asked.named ?? requestId }
      const failed = (error: unknown): void =>
        answer(
          errorAnswer(error instanceof Fault ? error : toInternal(error, parts.log), requestId, parts.issuer()),
          reply,
        )
      const answered = (found: readonly Evaluated[]): void => {
        try {
          answer({ status: 200, headers: [], text: answerText(found, isList) }, reply)
        } catch (error) {
          failed(error)
        }
      }
      parts.evaluator.answer(asker, list, { answered, failed })
      return true
    }
    // Whoever shows a token for the first time on a connection is not sent the long way for as long as that is open.
    const warmed = (asked: LeanRequest, response: LeanResponse): Promise<boolean> =>
      parts.stillProven(asked.token ?? '').then(
        () => take({ ...asked, mayWait: false }, response),
        () => false,
      )
    door.open(path, READABLE, take)
  }
}

const LIMITED = [
  ...['/access/v1/evaluation', '/access/v1/evaluations', '/access/v1/rulebook'],
  ...SEARCHES.map((by) => `/access/v1/search/${by}`),
]
const READABLE = { types: ['application/json'], bodyBytesMax: 256 * 1024 }

/**
 * Who asks what; `unknown` when memory lacks what it takes, undefined when anything is not as it should be: nothing came of trying.
 */
const tried = (
  parts: LeanParts,
  asked: LeanRequest,
  read: (body: unknown) => AskedQuestions,
  bearerOf: (asked: LeanRequest, token: string, proven: Proven) => Bearer,
): { readonly asker: Asker; readonly questions: AskedQuestions } | 'unknown' | undefined => {
  try {
    if (asked.token === undefined || !parts.mayServe()) return undefined
    const questions = read(parseStrictJson(decodeBody(asked.body)))
    const proven = parts.known(asked.token)
    if (proven === undefined) return 'unknown'
    const caller: Caller = {
      ...bearerOf(asked, asked.token, proven),
      requestId: timedId(parts.random, 'req', parts.clock.now()),
      traceparent: traceparentOf(asked.traceparent),
    }
    return { asker: { caller, askedAs: askedAs(asked.named) }, questions }
  } catch {
    // The ordinary way meets the same, and tells and records it.
    return undefined
  }
}

type Bearer = Omit<Caller, 'requestId' | 'traceparent'>

interface KnownBearer {
  readonly proven: Proven
  readonly ip: string
  readonly userAgent: string | undefined
  readonly bearer: Bearer
  /** Up to where memory was true when this was last known. */
  provenAt: number
}

/** Whoever keeps connections open mostly asks as the same bearer again, on each of them. */
const createBearers = ({ stillProven, applied, regions }: LeanParts) => {
  const ofSocket = new WeakMap<Socket, KnownBearer>()
  const ofProven = new WeakMap<Proven, KnownBearer>()
  const made = ({ ip, userAgent }: LeanRequest, token: string, proven: Proven, region: string | null): KnownBearer => {
    const source = sourceFrom(ip, region, userAgent)
    const again = () => (applied() === known.provenAt ? undefined : stillProven(token))
    const bearer = { ...proven, source, bearer: {}, stillProven: again }
    const known: KnownBearer = { proven, ip, userAgent, bearer, provenAt: applied() }
    return known
  }
  // Whoever is asked for here was known a moment ago, in this very turn.
  const provenNow = (known: KnownBearer): Bearer => {
    known.provenAt = applied()
    return known.bearer
  }
  return (asked: LeanRequest, token: string, proven: Proven): Bearer => {
    const { socket, ip, userAgent } = asked
    const region = regions.of(ip)
    const isSame = (known: KnownBearer | undefined): known is KnownBearer =>
      known?.proven === proven &&
      known.ip === ip &&
      known.userAgent === userAgent &&
      known.bearer.source.region === region
    const last = ofSocket.get(socket)
    if (isSame(last)) return provenNow(last)
    const elsewhere = ofProven.get(proven)
    const known = isSame(elsewhere) ? elsewhere : made(asked, token, proven, region)
    ofSocket.set(socket, known)
    ofProven.set(proven, known)
    return provenNow(known)
  }
}

import { type BoundedAnswer, type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import { headersInTime, type TokenGiver, tokenIn } from '../report/issuer-call.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { issuerPaths } from '../wire.ts'
import { type Authorization, type Question, undecided } from './question.ts'

/** The issuer has answered, and gives nothing: what was held of it is over too. */
export class IssuerRefused extends Error {
  override readonly name = 'IssuerRefused'
}

/** What an authorizer asks of its issuer. */
export interface IssuerAnswers {
  /** The signed rulebook of the application; throws IssuerRefused, or Unreachable. */
  rulebook(application: string): Promise<string>
  /** Decides one question there; throws when there is no answer. */
  evaluate(question: Question): Promise<Authorization>
}

/** Asks as the identity that the application lists. */
export const createIssuerAnswers = ({
  issuer,
  fetch,
  clock,
  as,
  signal,
}: {
  issuer: string
  fetch: Fetch
  clock: Clock
  as: TokenGiver
  signal: AbortSignal
}): IssuerAnswers => {
  const post = async (path: string, body: unknown, bytesMax: number): Promise<BoundedAnswer> => {
    const url = issuer + path
    const headers = await headersInTime(as, clock, { method: 'POST', url })
    const answer = await fetchText({ fetch, clock }, url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      bytesMax,
      signal,
    })
    if (answer.status === 401) as.drop?.(tokenIn(headers))
    return answer
  }

  return {
    rulebook: async (application) => {
      const { status, text } = await post(issuerPaths.rulebook, { application }, rulebookBytesMax)
      if (isRefusal(status)) throw new IssuerRefused(`the rulebook was refused with ${status}`)
      const { rulebook } = objectIn(status, text)
      if (typeof rulebook !== 'string') throw new Unreachable('the answer holds no rulebook')
      return rulebook
    },
    evaluate: async (question) => {
      const { status, text } = await post(issuerPaths.evaluation, question, answerBytesMax)
      return isRefusal(status) ? undecided('question_refused') : toAuthorization(objectIn(status, text))
    },
  }
}

const rulebookBytesMax = 33_554_432
const answerBytesMax = 1_048_576

// Too many requests are a reason to come back, not an answer.
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 429

const objectIn = (status: number, text: string): JsonObject => {
  if (status !== 200) throw new Unreachable(`the issuer answered ${status}`)
  const body: unknown = JSON.parse(text)
  if (!isJsonObject(body)) throw new Unreachable('the answer is no object')
  return body
}

const toAuthorization = ({ decision, context }: JsonObject): Authorization => {
  if (typeof decision !== 'boolean') throw new Unreachable('the answer holds no decision')
  const { id, report_only: reportOnly, obligations = [] } = isJsonObject(context) ? context : {}
  if (!Array.isArray(obligations) || !obligations.every(isObligation))
    throw new Unreachable('the answer obliges to something that cannot be read')
  return {
    isAllowed: decision,
    by: 'issuer',
    code: null,
    decisionId: typeof id === 'string' ? id : null,
    policies: [],
    isReportOnly: reportOnly === true,
    obligations,
  }
}

const isObligation = (value: unknown): value is Authorization['obligations'][number] =>
  isJsonObject(value) && typeof value.id === 'string' && typeof value.policy === 'string'

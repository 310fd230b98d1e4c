import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import type { Evaluated, QuestionEvaluator } from '../../policy/index.ts'
import { readEvaluation, readEvaluations, readRulebookAsked, readSearch } from './authzen-body.ts'
import { decisionText } from './authzen-decision.ts'
import { askedAs, errorAnswer, toInternal } from './authzen-error.ts'
import { faultOfBody } from './body-fault.ts'
import type { Authenticate } from './routes.ts'
import { signRulebook } from './sign-rulebook.ts'

/** What the endpoints stand on. */
export interface AuthzenParts {
  readonly evaluator: QuestionEvaluator
  readonly authenticate: Authenticate
  readonly log: Log
  issuer(): string
  /** Signs claims as a JWT of this type with the key that signs tokens. */
  signDocument(claims: Readonly<Record<string, unknown>>, type: string): Promise<string>
}

/** What may be searched for. */
export const SEARCHES = ['subject', 'resource', 'action'] as const
const RESULTS_MAX = 1_000

/** The AuthZEN Authorization API 1.0: evaluation, evaluations and the three searches. */
export const mountAuthzen = (http: FastifyInstance, parts: AuthzenParts): void => {
  const { evaluator, authenticate } = parts
  const asker = async (request: FastifyRequest) => ({
    caller: await authenticate(request),
    askedAs: askedAs(request.headers['x-request-id']),
  })

  http.register(async (scope) => {
    // §10.1.3: whatever is answered carries the name that the caller gave its request.
    scope.addHook('onRequest', (request, reply, done) => {
      const named = request.headers['x-request-id']
      if (typeof named === 'string') reply.header('x-request-id', named)
      done()
    })
    const called = new WeakSet<FastifyRequest>()
    scope.setErrorHandler(async (error: Error, request, reply) => {
      const fault = error instanceof Fault ? error : (faultOfBody(error) ?? toInternal(error, parts.log))
      if (called.has(request) || fault.kind !== 'invalid') return sendError(reply, fault, parts.issuer())
      // A body that cannot be read never reaches the handler; that it was tried is recorded all the same.
      return evaluator.refuse(await asker(request), actionOf(request), fault).then(
        (refused) => sendError(reply, refused, parts.issuer()),
        (late: unknown) => sendError(reply, late instanceof Fault ? late : toInternal(late, parts.log), parts.issuer()),
      )
    })

    const post = (path: string, answer: (request: FastifyRequest) => Promise<string>): void => {
      scope.post(`/access/v1/${path}`, { exposeHeadRoute: false }, async (request, reply) => {
        const text = await answer(request)
        return json(reply, text)
      })
    }

    const evaluate = async (request: FastifyRequest, read: typeof readEvaluations): Promise<string> => {
      const asked = read(request.body)
      const isList = 'questions' in asked
      const who = await asker(request)
      called.add(request)
      const answers = isList
        ? await evaluator.evaluate(who, asked.questions, asked.semantic)
        : await evaluator.evaluate(who, [asked], 'execute_all')
      return answerText(answers, isList)
    }
    post('evaluation', (request) => evaluate(request, readEvaluation))
    post('evaluations', (request) => evaluate(request, readEvaluations))
    post('rulebook', async (request) => {
      const application = readRulebookAsked(request.body)
      const who = await asker(request)
      called.add(request)
      return JSON.stringify({ rulebook: await signRulebook(parts, await evaluator.rulebook(who, application)) })
    })
    for (const by of SEARCHES)
      post(`search/${by}`, async (request) => {
        const { question, page } = readSearch(by, request.body)
        const who = await asker(request)
        called.add(request)
        const limit = Math.min(page?.limit ?? RESULTS_MAX, RESULTS_MAX)
        const { results, next } = await evaluator.search(who, { by, question, limit, token: page?.token })
        const type = by === 'action' ? undefined : question[by].type
        const found = results.map((id) => (type === undefined ? { name: id } : { type, id }))
        const isPaged = page !== undefined || next !== undefined
        const told = isPaged ? { page: { next_token: next ?? '', count: found.length } } : {}
        return JSON.stringify({ ...told, results: found })
      })
  })
}

/** The body of the answer to one question, or to a list of them. */
export const answerText = (answers: readonly Evaluated[], isList: boolean): string =>
  isList ? `{"evaluations":[${answers.map(decisionText).join(',')}]}` : singleText(answers)

const singleText = ([only]: readonly Evaluated[]): string => {
  if (only === undefined || only.decided === undefined) throw coreFault('invalid_input', { about: only?.why ?? '' })
  return decisionText(only)
}

const actionOf = ({ url }: FastifyRequest): 'policy.decision.evaluate' | 'policy.decision.search' =>
  url.startsWith('/access/v1/search/') ? 'policy.decision.search' : 'policy.decision.evaluate'

const sendError = (reply: FastifyReply, fault: Fault, issuer: string): FastifyReply => {
  const { status, headers, text } = errorAnswer(fault, reply.request.id, issuer)
  for (const [name, value] of headers) reply.header(name, value)
  return json(reply.code(status), text)
}

// As bytes: to a text Fastify would add a charset, which JSON has none of (RFC 8259 §11), and a strict caller refuses.
const json = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', 'application/json').send(Buffer.from(text))

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Caller, Operation } from '../../kit/operation.ts'
import type { Pipeline } from '../../kit/pipeline.ts'
import { faultOfBody } from './body-fault.ts'
import { createPollWaits } from './poll-waits.ts'
import type { Authenticate } from './routes.ts'
import {
  type Expected,
  readChanged,
  readCreated,
  readPoll,
  readStatus,
  readSubject,
  readVerify,
} from './shared-signals-body.ts'

/** What the endpoints stand on. */
export interface SharedSignalsParts {
  readonly operations: readonly Operation[]
  readonly pipeline: Pipeline
  readonly authenticate: Authenticate
  issuer(): string
  signSet(set: { readonly claims: Readonly<Record<string, unknown>> }): Promise<string>
  /** Tells that a stream may have more; returns how to stop listening. */
  onNews(listener: () => void): () => void
  /** Whether it has. */
  hasNext(stream: string): Promise<boolean>
  readonly pollSecondsMax?: number
}

const POLL_SECONDS_MAX = 30

/**
 * The stream management of Shared Signals Framework 1.0 §8, and polling (RFC 8936): another face of the operations
 * `broker.stream.*`, for receivers with their own access tokens. People use the operations themselves.
 */
export const mountSharedSignals = (http: FastifyInstance, parts: SharedSignalsParts): void => {
  const { pipeline, authenticate } = parts
  const waits = createPollWaits({ onNews: parts.onNews, secondsMax: parts.pollSecondsMax ?? POLL_SECONDS_MAX })
  http.addHook('preClose', async () => waits.close())

  const operationOf = (verb: string): Operation => {
    const found = parts.operations.find(({ name }) => name === `broker.stream.${verb}`)
    if (found === undefined) throw new Error(`there is no operation broker.stream.${verb}`)
    return found
  }

  const called = new WeakSet<FastifyRequest>()
  /** Whoever asks, as a caller of the operation; a person is refused there, and that is recorded. */
  const askedBy = async (request: FastifyRequest): Promise<Caller> => {
    const caller = await authenticate(request)
    if (caller.actor.principalType !== 'human') return caller
    return { ...caller, refusal: coreFault('wrong_principal_type') }
  }

  const mount = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    verb: string | ((request: FastifyRequest) => string),
    answer: (ask: Ask, request: FastifyRequest, reply: FastifyReply, caller: Caller) => Promise<FastifyReply>,
  ): void => {
    const verbOf = typeof verb === 'string' ? () => verb : verb
    const refuse = async (request: FastifyRequest, caller: Caller, refusal: Fault): Promise<never> => {
      await pipeline.call(operationOf(verbOf(request)), {}, { ...caller, refusal: caller.refusal ?? refusal })
      throw refusal
    }
    http.route({
      method,
      url,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const caller = await askedBy(request)
        // Who proved nothing is not told what is wrong with a request either.
        if (caller.refusal !== undefined || caller.actor.principalType === 'anonymous') {
          called.add(request)
          return refuse(request, caller, coreFault('unauthenticated'))
        }
        const ask: Ask = async (input, other = verbOf(request)) => {
          called.add(request)
          return pipeline.call(operationOf(other), input, caller)
        }
        try {
          return await answer(ask, request, reply, caller)
        } catch (error) {
          // What could not be read, or does not fit, never came to the operation; that it was tried is recorded.
          if (called.has(request) || !(error instanceof Fault)) throw error
          called.add(request)
          return refuse(request, caller, error)
        }
      },
      errorHandler: async (error, request) => {
        if (called.has(request)) throw error
        const refusal = error instanceof Fault ? error : faultOfBody(error)
        if (refusal?.kind !== 'invalid') throw error
        return refuse(request, await askedBy(request), refusal)
      },
    })
  }

  mount('POST', '/ssf/streams', 'create', async (ask, { body }, reply) =>
    json(reply.code(201), configurationOf(View.parse(await ask(readCreated(body))))),
  )
  mount(
    'GET',
    '/ssf/streams',
    (request) => (streamOf(request) === undefined ? 'list' : 'show'),
    async (ask, request, reply, caller) => {
      const stream = streamOf(request)
      if (stream !== undefined) return json(reply, configurationOf(View.parse(await ask({ stream }))))
      const own = caller.actor.id === null ? {} : { identity: caller.actor.id }
      return json(reply, Views.parse(await ask(own)).items.map(configurationOf))
    },
  )
  for (const method of ['PATCH', 'PUT'] as const)
    mount(method, '/ssf/streams', 'change', async (ask, { body }, reply) => {
      const { input, expected } = readChanged(body, method === 'PUT')
      if (Object.values(expected).some((part) => part !== undefined))
        await needAsExpected(View.parse(await ask({ stream: input.stream }, 'show')), expected)
      return json(reply, configurationOf(View.parse(await ask(input))))
    })
  mount('DELETE', '/ssf/streams', 'delete', async (ask, request, reply) => {
    await ask({ stream: streamOf(request) })
    return reply.code(204).send()
  })
  mount('GET', '/ssf/status', 'show', async (ask, request, reply) =>
    json(reply, statusOf(View.parse(await ask({ stream: streamOf(request) })))),
  )
  mount('POST', '/ssf/status', 'change', async (ask, { body }, reply) =>
    json(reply, statusOf(View.parse(await ask(readStatus(body))))),
  )
  mount('POST', '/ssf/subjects/add', 'include', async (ask, { body }, reply) => {
    await ask(readSubject(body, parts.issuer()))
    return reply.code(200).send()
  })
  mount('POST', '/ssf/subjects/remove', 'exclude', async (ask, { body }, reply) => {
    await ask(readSubject(body, parts.issuer()))
    return reply.code(204).send()
  })
  mount('POST', '/ssf/verify', 'verify', async (ask, { body }, reply) => {
    await ask(readVerify(body))
    return reply.code(204).send()
  })
  mount('POST', '/ssf/poll/:stream', 'poll', async (ask, request, reply, caller) => {
    const { stream } = Params.parse(request.params)
    const { input, mayWait } = readPoll(stream, request.body)
    // Listened for from before the first look on, so that nothing comes between it and the wait.
    const wait = waits.begin(stream, request.raw.socket)
    try {
      let polled = Polled.parse(await ask(input))
      while (polled.sets.length === 0 && mayWait && (await wait.next())) {
        // What others are told of is no reason to record that this one was told nothing.
        if (!(await parts.hasNext(stream))) continue
        // It was proven when the wait began.
        await caller.stillProven?.()
        polled = Polled.parse(await ask({ ...input, taken: [], refused: [] }))
      }
      const sets = await Promise.all(polled.sets.map(async (set) => [set.jti, await parts.signSet(set)] as const))
      return json(reply, { sets: Object.fromEntries(sets), moreAvailable: polled.isMore })
    } finally {
      wait.end()
    }
  })
}

type Ask = (input: Readonly<Record<string, unknown>>, verb?: string) => Promise<unknown>

const Params = z.object({ stream: z.string().max(200) })
const Polled = z.object({
  sets: z.array(z.object({ jti: z.string(), claims: z.record(z.string(), z.unknown()) })),
  isMore: z.boolean(),
})
const View = z.object({
  id: z.string(),
  identity: z.string(),
  issuer: z.string(),
  methodUri: z.string(),
  endpoint: z.string(),
  eventsRequested: z.array(z.string()),
  eventsDelivered: z.array(z.string()),
  eventsSupported: z.array(z.string()),
  description: z.string().nullable(),
  status: z.string(),
  statusReason: z.string().nullable(),
  verifySecondsMin: z.number(),
})
const Views = z.object({ items: z.array(View) })

/** §8.1.1; the header of a push is told to nobody again. */
const configurationOf = (view: z.infer<typeof View>) => ({
  stream_id: view.id,
  iss: view.issuer,
  aud: view.identity,
  delivery: { method: view.methodUri, endpoint_url: view.endpoint },
  events_supported: view.eventsSupported,
  events_requested: view.eventsRequested,
  events_delivered: view.eventsDelivered,
  min_verification_interval: view.verifySecondsMin,
  ...(view.description === null ? {} : { description: view.description }),
})

const statusOf = ({ id, status, statusReason }: z.infer<typeof View>) => ({
  stream_id: id,
  status,
  ...(statusReason === null ? {} : { reason: statusReason }),
})

/** §8.1.1.3: what the transmitter supplies must be as it is where it is named. */
const needAsExpected = async (view: z.infer<typeof View>, expected: Expected): Promise<void> => {
  const { iss, aud, events_supported, events_delivered } = expected
  const wrong = [
    ...(iss === undefined || iss === view.issuer ? [] : ['iss']),
    ...(aud === undefined || isSame(aud, [view.identity]) ? [] : ['aud']),
    ...(events_supported === undefined || isSame(events_supported, view.eventsSupported) ? [] : ['events_supported']),
    ...(events_delivered === undefined || isSame(events_delivered, view.eventsDelivered) ? [] : ['events_delivered']),
  ]
  if (wrong.length === 0) return
  throw coreFault('invalid_input', {
    places: wrong.map((name) => ({ pointer: `/${name}`, detail: 'is not what this stream has' })),
  })
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted())

const streamOf = ({ query }: FastifyRequest): unknown =>
  typeof query === 'object' && query !== null && 'stream_id' in query ? query.stream_id : undefined

const json = (reply: FastifyReply, value: unknown): FastifyReply =>
  reply.header('cache-control', 'no-store').type('application/json').send(JSON.stringify(value))

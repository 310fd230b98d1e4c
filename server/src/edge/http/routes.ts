import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Caller, Operation } from '../../kit/operation.ts'
import type { Pipeline } from '../../kit/pipeline.ts'
import { looksSecret } from '../../kit/secret-shape.ts'
import { faultOfBody } from './body-fault.ts'
import { bodyBytesMax } from './body-limit.ts'
import { fromQuery, givenTwice } from './from-query.ts'

/** Proves who sent a request. Throws a fault when what it carries proves nothing. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

const IdempotencyKeyHeader = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/)

/** The route of an operation: reads are GET with a query, writes are POST with a JSON body, at `/v1/` and its name. */
export const routeOf = (operation: Operation): { method: 'GET' | 'POST'; url: string } => ({
  method: operation.effect === 'read' ? 'GET' : 'POST',
  url: `/v1/${operation.name}`,
})

/** Mounts every operation. */
export const mountOperations = (
  http: FastifyInstance,
  operations: readonly Operation[],
  pipeline: Pipeline,
  authenticate: Authenticate,
): void => {
  const called = new WeakSet<FastifyRequest>()
  for (const operation of operations) {
    http.route({
      ...routeOf(operation),
      exposeHeadRoute: false,
      ...(operation.effect === 'read' ? {} : { bodyLimit: bodyBytesMax(operation) }),
      handler: async (request, reply) => {
        const caller = await authenticate(request)
        called.add(request)
        const raw =
          operation.effect === 'read'
            ? fromQuery(operation.input, request.query)
            : request.body === undefined
              ? {}
              : request.body
        const key = idempotencyKey(request)
        const twice = operation.effect === 'read' ? givenTwice(operation.input, request.query) : []
        if (twice.length > 0)
          return pipeline.call(operation, {}, { ...caller, refusal: caller.refusal ?? repeated(twice) })
        const output =
          key instanceof Fault
            ? await pipeline.call(operation, raw, { ...caller, refusal: key })
            : await pipeline.call(operation, raw, caller, key)
        return reply.code(200).type('application/json').send(JSON.stringify(output))
      },
      // A body that cannot be read never reaches the handler; that it was tried is recorded all the same.
      errorHandler: async (error, request) => {
        if (called.has(request)) throw error
        const refusal = error instanceof Fault ? error : faultOfBody(error)
        if (refusal?.kind !== 'invalid') throw error
        const caller = await authenticate(request)
        return pipeline.call(operation, {}, { ...caller, refusal: caller.refusal ?? refusal })
      },
    })
  }
}

const repeated = (names: readonly string[]): Fault =>
  coreFault('invalid_input', {
    places: names.map((name) => ({ pointer: `/${name}`, detail: 'is given more than once, and takes one value' })),
    about: `${names[0]} is given more than once`,
  })

const idempotencyKey = (request: FastifyRequest): string | Fault | undefined => {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const parsed = IdempotencyKeyHeader.safeParse(header)
  if (parsed.success && !looksSecret(parsed.data)) return parsed.data
  return coreFault('invalid_input', {
    places: [
      { pointer: '', detail: 'the header idempotency-key must be 1 to 128 visible ASCII characters, no secret' },
    ],
  })
}

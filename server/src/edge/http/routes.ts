import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import type { Caller, Operation } from '../../kit/operation.ts'
import type { Pipeline } from '../../kit/pipeline.ts'
import { fromQuery } from './from-query.ts'

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
  for (const operation of operations) {
    http.route({
      ...routeOf(operation),
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const caller = await authenticate(request)
        const raw = operation.effect === 'read' ? fromQuery(operation.input, request.query) : (request.body ?? {})
        const output = await pipeline.call(operation, raw, caller, idempotencyKey(request))
        return reply.code(200).type('application/json').send(JSON.stringify(output))
      },
    })
  }
}

const idempotencyKey = (request: FastifyRequest): string | undefined => {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const parsed = IdempotencyKeyHeader.safeParse(header)
  if (parsed.success) return parsed.data
  throw coreFault('invalid_input', {
    places: [{ pointer: '', detail: 'the header idempotency-key must be 1 to 128 visible ASCII characters' }],
  })
}

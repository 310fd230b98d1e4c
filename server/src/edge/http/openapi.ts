import { z } from 'zod'
import type { FaultSpec } from '../../kit/fault.ts'
import type { Operation } from '../../kit/operation.ts'
import { statusOf } from './problem.ts'
import { routeOf } from './routes.ts'

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem details',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'hint', 'docs'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'The request id, as in the audit log' },
    code: { type: 'string' },
    hint: { type: 'string', description: 'The next step' },
    docs: { type: 'string', format: 'uri' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    decisionId: { type: 'string' },
    retryAfter: { type: 'integer' },
  },
}

/** The JSON Schema of a zod schema as the wire has it. */
export const wireSchema = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}

/** OpenAPI 3.1 of all operations, from their names and schemas alone. */
export const openApi = (
  operations: readonly Operation[],
  faults: Readonly<Record<string, FaultSpec>>,
  version: string,
) => ({
  openapi: '3.1.0',
  info: {
    title: 'Reeve',
    version,
    description:
      'The control plane for non-human identities. Reads are GET, writes are POST; a name is everywhere the same.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ bearer: [] }],
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'A session of a person, or an access token of an identity',
      },
    },
    schemas: { Problem: PROBLEM },
  },
  paths: Object.fromEntries(
    operations.map((operation) => {
      const { method, url } = routeOf(operation)
      return [url, { [method.toLowerCase()]: describe(operation, faults) }]
    }),
  ),
})

const describe = (operation: Operation, faults: Readonly<Record<string, FaultSpec>>) => {
  const input = wireSchema(operation.input, 'input')
  const room = operation.name.split('.')[0] ?? ''
  return {
    operationId: operation.name,
    summary: operation.summary,
    tags: [room],
    ...(operation.principals.includes('anonymous') ? { security: [] } : {}),
    ...(operation.effect === 'read'
      ? { parameters: parametersOf(input) }
      : {
          parameters: [
            {
              name: 'idempotency-key',
              in: 'header',
              required: false,
              description: 'Repeats of the same request with the same key get the first answer, for 24 hours',
              schema: { type: 'string', minLength: 1, maxLength: 128 },
            },
          ],
          requestBody: { required: true, content: { 'application/json': { schema: input } } },
        }),
    responses: {
      200: {
        description: 'Done',
        content: { 'application/json': { schema: wireSchema(operation.output, 'output') } },
      },
      ...problemsOf(operation, faults),
    },
  }
}

const ALWAYS = [
  'invalid_input',
  'unauthenticated',
  'session_expired',
  'session_ended',
  'denied',
  'wrong_principal_type',
  'not_found',
  'limited',
  'internal',
  'unavailable',
  'sealed',
  'draining',
]
const OF_WRITES = ['secret_in_text', 'idempotency_conflict', 'idempotency_busy', 'too_large', 'wrong_media_type']
const OF_LISTS = ['bad_cursor']

const problemsOf = (operation: Operation, faults: Readonly<Record<string, FaultSpec>>) => {
  const codesByStatus = new Map<number, string[]>()
  const own = [...(operation.effect === 'write' ? OF_WRITES : []), ...(isPaged(operation) ? OF_LISTS : [])]
  for (const code of new Set([...ALWAYS, ...own, ...operation.faults])) {
    const status = statusOf(code, faults[code]?.kind ?? 'internal')
    codesByStatus.set(status, [...(codesByStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...codesByStatus].map(([status, codes]) => [
      status,
      {
        description: codes.join(', '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

const isPaged = (operation: Operation): boolean =>
  operation.effect === 'read' &&
  parametersOf(wireSchema(operation.input, 'input')).some(({ name }) => name === 'cursor')

const parametersOf = (schema: Record<string, unknown>) => {
  const shape = z
    .object({ properties: z.record(z.string(), z.unknown()).default({}), required: z.array(z.string()).default([]) })
    .parse(schema)
  return Object.entries(shape.properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: shape.required.includes(name),
    // `tags[application]=orders`; `tags.application=orders` is read as well.
    ...(isObject(property) ? { style: 'deepObject', explode: true } : {}),
    schema: property,
  }))
}

const isObject = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'object'

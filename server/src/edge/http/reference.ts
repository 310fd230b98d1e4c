import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { coreFault, type FaultSpec } from '../../kit/fault.ts'
import type { Operation } from '../../kit/operation.ts'
import { errorPage } from '../../reference/pages.ts'
import { openApi } from './openapi.ts'

const Params = z.object({ code: z.string().max(100) })

/** `/openapi.json`, and the page of every error code at `/docs/errors/CODE`: what an error's `type` leads to. */
export const mountReference = (
  http: FastifyInstance,
  operations: readonly Operation[],
  faults: Readonly<Record<string, FaultSpec>>,
  version: string,
): void => {
  // Made for the first who asks: describing every operation is a tenth of a start's work. As bytes, which all answers share: of
  // a text each one would write out a megabyte anew.
  let document: Buffer | undefined
  http.get('/openapi.json', async (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(openApi(operations, faults, version)))
    return reply.header('cache-control', 'public, max-age=300').type('application/json').send(document)
  })
  http.get('/docs/errors/:code', async (request, reply) => {
    const { code } = Params.parse(request.params)
    const spec = Object.hasOwn(faults, code) ? faults[code] : undefined
    if (spec === undefined) throw coreFault('not_found')
    return reply.type('text/markdown; charset=utf-8').send(errorPage(code, spec, operations))
  })
}

import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Clock } from '../../kit/clock.ts'
import type { Database } from '../../kit/database.ts'
import type { Operation } from '../../kit/operation.ts'
import type { Pipeline } from '../../kit/pipeline.ts'
import { exportLog } from '../../ledger/export-log.ts'
import { fromQuery } from './from-query.ts'
import type { Authenticate } from './routes.ts'

const CHUNK_CHARS = 64 * 1024
const IDLE_MS_MAX = 10_000

/** What the call of the export operation fixes. */
const Opened = z.object({ origin: z.string(), fromSeq: z.number(), toSize: z.number() })

/**
 * `GET /audit/export`: the lines of an export, as NDJSON. The export operation is called first, so that this is
 * authorised and recorded as every call is; then the lines are read as fast as the caller takes them and no faster.
 */
export const mountAuditExport = (
  http: FastifyInstance,
  given: {
    operation: Operation
    pipeline: Pipeline
    authenticate: Authenticate
    database: Database
    clock: Clock
  },
): void => {
  const { operation, pipeline, authenticate, database, clock } = given
  http.get('/audit/export', { exposeHeadRoute: false }, async (request, reply) => {
    const caller = await authenticate(request)
    const raw = fromQuery(operation.input, request.query)
    const opened = Opened.parse(await pipeline.call(operation, raw, caller))
    const lines = exportLog(database.reader, { ...opened, exportedAt: clock.now() })
    // Who stops reading is cut; the generator holds no transaction and no lock meanwhile.
    reply.raw.setTimeout(IDLE_MS_MAX, () => reply.raw.destroy())
    return reply.type('application/x-ndjson').send(Readable.from(inChunks(lines), { objectMode: false }))
  })
}

/** Few large writes instead of a million small ones. */
async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let held = ''
  for await (const line of lines) {
    held += `${line}\n`
    if (held.length < CHUNK_CHARS) continue
    yield Buffer.from(held)
    held = ''
  }
  yield Buffer.from(held)
}

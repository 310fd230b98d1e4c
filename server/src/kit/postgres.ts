import { createRequire } from 'node:module'
import { sql } from 'kysely'
import type Pg from 'pg'
import type { Database } from './database.ts'
import { createLine } from './postgres-line.ts'
import { openPool } from './postgres-pool.ts'
import { systemRandom } from './random.ts'

// serialization_failure and deadlock_detected: the engine asks for the transaction again.
const RETRIED = new Set(['40001', '40P01'])
const TRIES_MAX = 4

/**
 * PostgreSQL through `pg`: transactions on one pool, reads on another, and LISTEN on a line of its own.
 * INVARIANT: reads never wait for a connection that a transaction holds. A transaction that has the change counter's
 * lock reads what others changed before it commits, and every other connection may be waiting for that lock.
 */
export const openPostgres = (url: string, poolSize: number): Database => {
  const readersMax = Math.max(1, Math.floor(poolSize / 2))
  const pg = load()
  const line = createLine(pg, url, systemRandom())
  const { db: reader } = openPool(pg, url, readersMax, line)
  const { db: writer, runAtOnce } = openPool(pg, url, Math.max(1, poolSize - readersMax), line)
  const write: Database['write'] = async (work) => {
    for (let tried = 1; ; tried++) {
      try {
        return await writer.transaction().execute(work)
      } catch (error) {
        if (tried >= TRIES_MAX || !RETRIED.has(codeOf(error))) throw error
      }
    }
  }
  return {
    engine: 'postgres',
    reader,
    writer,
    write,
    // The server flushes for all who commit at once, and nobody sees what is not durable.
    writeGroup: write,
    writeAtOnce: runAtOnce,
    settled: async () => undefined,
    listen: line.listen,
    notify: async (tx, channel) => {
      await sql`select pg_notify(${channel}, '')`.execute(tx)
    },
    close: async () => {
      await reader.destroy()
      await writer.destroy()
    },
  }
}

// Only when it is needed: a server on SQLite has no memory to spare for it.
const load = (): typeof Pg => {
  const pg: typeof Pg = createRequire(import.meta.url)('pg')
  // COUNT and bigint columns stay below 2^53 here (milliseconds, sequence numbers).
  pg.types.setTypeParser(pg.types.builtins.INT8, Number)
  return pg
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'

// COUNT and bigint columns stay below 2^53 here (milliseconds, sequence numbers).
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

const STATEMENT_MS_MAX = 10_000
const CONNECT_MS_MAX = 2_000
// serialization_failure and deadlock_detected: the engine asks for the transaction again.
const RETRIED = new Set(['40001', '40P01'])
const TRIES_MAX = 4

/** PostgreSQL through `pg`: a pool, transactions, and LISTEN on a connection of its own. */
export const openPostgres = (url: string, poolSize: number): Database => {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: STATEMENT_MS_MAX,
    keepAlive: true,
  })
  // A dropped idle connection is not news: the pool opens another when it is needed.
  pool.on('error', () => undefined)
  // biome-ignore lint/suspicious/noExplicitAny: see AnyDb
  const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) })
  return {
    engine: 'postgres',
    reader: db,
    writer: db,
    write: async (work) => {
      for (let tried = 1; ; tried++) {
        try {
          return await db.transaction().execute(work)
        } catch (error) {
          if (tried >= TRIES_MAX || !RETRIED.has(codeOf(error))) throw error
        }
      }
    },
    listen: (channel, wake) => listen(url, channel, wake),
    notify: async (tx, channel) => {
      await sql`select pg_notify(${channel}, '')`.execute(tx)
    },
    close: () => db.destroy(),
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

// A lost listener reconnects; what was missed meanwhile is found by the readers' own polling.
const RECONNECT_MS = 1_000

const listen = async (url: string, channel: string, wake: () => void): Promise<() => Promise<void>> => {
  let isStopped = false
  let client: pg.Client | undefined
  const connect = async (): Promise<void> => {
    if (isStopped) return
    const made = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX, keepAlive: true })
    const again = () => {
      if (client === made) client = undefined
      if (!isStopped) setTimeout(() => void connect().catch(again), RECONNECT_MS).unref()
    }
    made.once('error', () => made.end().catch(() => undefined))
    made.once('end', again)
    made.on('notification', wake)
    await made.connect()
    await made.query(`listen ${pg.escapeIdentifier(channel)}`)
    client = made
    wake()
  }
  await connect()
  return async () => {
    isStopped = true
    await client?.end().catch(() => undefined)
  }
}

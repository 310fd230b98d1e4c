import { createRequire } from 'node:module'
import { Kysely, PostgresDialect, sql } from 'kysely'
import type Pg from 'pg'
import type { AnyDb, Database } from './database.ts'

const STATEMENT_MS_MAX = 10_000
const CONNECT_MS_MAX = 2_000
// serialization_failure and deadlock_detected: the engine asks for the transaction again.
const RETRIED = new Set(['40001', '40P01'])
const TRIES_MAX = 4

/**
 * PostgreSQL through `pg`: transactions on one pool, reads on another, and LISTEN on a connection of its own.
 * INVARIANT: reads never wait for a connection that a transaction holds. A transaction that has the change counter's
 * lock reads what others changed before it commits, and every other connection may be waiting for that lock.
 */
export const openPostgres = (url: string, poolSize: number): Database => {
  const readersMax = Math.max(1, Math.floor(poolSize / 2))
  const pg = load()
  const reader = connect(pg, url, readersMax)
  const writer = connect(pg, url, Math.max(1, poolSize - readersMax))
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
    settled: async () => undefined,
    listen: (channel, wake) => listen(pg, url, channel, wake),
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

const DURABLE = `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`

const connect = (pg: typeof Pg, url: string, connectionsMax: number): AnyDb => {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: STATEMENT_MS_MAX,
    keepAlive: true,
  })
  // An acknowledgement means that the commit is on disk, whatever the database or the role has as its default.
  pool.on('connect', (client: Pg.Client) => {
    // The pool listens to idle connections alone. One that breaks in use fails its query, and must end nothing else.
    client.on('error', () => undefined)
    // INVARIANT: where that cannot be had the connection is cut, before what was begun on it can commit. Not by the pool's
    // \`verify\`: a connection that is asked there for longer than its first user waits is lost to the pool for good.
    client.query(DURABLE).catch(() => client.end().catch(() => undefined))
  })
  // A dropped idle connection is not news: the pool opens another when it is needed.
  pool.on('error', () => undefined)
  // biome-ignore lint/suspicious/noExplicitAny: see AnyDb
  return new Kysely<any>({ dialect: new PostgresDialect({ pool }) })
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

// A lost listener reconnects; what was missed meanwhile is found by the readers' own polling.
const RECONNECT_MS = 1_000

const listen = async (pg: typeof Pg, url: string, channel: string, wake: () => void): Promise<() => Promise<void>> => {
  let isStopped = false
  let client: Pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  const again = (lost: Pg.Client): void => {
    // A failed connection both ends and rejects; only the first of the two may try again, or each try makes two.
    if (client !== lost || isStopped) return
    client = undefined
    retry = setTimeout(() => void connectOnce().catch(() => undefined), RECONNECT_MS).unref()
  }
  const connectOnce = async (): Promise<void> => {
    const made = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX, keepAlive: true })
    client = made
    made.once('error', () => made.end().catch(() => undefined))
    made.once('end', () => again(made))
    made.on('notification', wake)
    try {
      await made.connect()
      await made.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      await made.end().catch(() => undefined)
      again(made)
      throw error
    }
    wake()
  }
  await connectOnce()
  return async () => {
    isStopped = true
    clearTimeout(retry)
    await client?.end().catch(() => undefined)
  }
}

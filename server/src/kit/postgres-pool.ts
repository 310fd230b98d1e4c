import { Kysely, PostgresDialect } from 'kysely'
import type Pg from 'pg'
import type { AnyDb, Database } from './database.ts'
import { cut, type Line, Unreachable } from './postgres-line.ts'

const STATEMENT_MS_MAX = 10_000
const CONNECT_MS_MAX = 2_000
// Nothing slow stands between BEGIN and COMMIT. Of a replica that is cut off, the database itself ends what it began:
// its locks are everybody's.
const IDLE_IN_TRANSACTION_MS_MAX = 5_000
// Whatever the database or the role has as its default: an acknowledgement means that the commit is on disk, and what is read after
// a lock was waited for is what is true then (of an older moment, a quarantine would be overtaken).
const SETTINGS = `select set_config('default_transaction_isolation', 'read committed', false),
  case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end`

type Connected = Parameters<Pg.Client['connect']>[0]

interface Pool {
  readonly db: AnyDb
  readonly runAtOnce: NonNullable<Database['writeAtOnce']>
}

/** Connections for whoever asks, while the line finds the database; when it does not, everybody is told at once. */
export const openPool = (pg: typeof Pg, url: string, connectionsMax: number, line: Line): Pool => {
  const attempts = attemptsASecond(connectionsMax)
  /**
   * A client that does not try more often than told while the database is away or has just come back, whoever waits (A2).
   * At other times what connects costs nothing of that: a connection that is lost alone has another in its place at once.
   */
  class SparingClient extends pg.Client {
    override connect(): Promise<this>
    override connect(done: Connected): void
    override connect(done?: Connected): unknown {
      const giveBack = attempts.take()
      if (giveBack !== undefined) {
        this.once('connect', () => line.isSteady() && giveBack())
        return done === undefined ? super.connect() : super.connect(done)
      }
      if (done === undefined) return Promise.reject(new Unreachable())
      return void setImmediate(() => Reflect.apply(done, undefined, [new Unreachable()]))
    }
  }
  const pool = new pg.Pool({
    Client: SparingClient,
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: STATEMENT_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    keepAlive: true,
  })
  const clients = new Set<Pg.Client>()
  const set = new WeakMap<Pg.Client, Promise<unknown>>()
  pool.on('connect', (client: Pg.Client) => {
    clients.add(client)
    // The pool listens to idle connections alone. One that breaks in use fails its query, and must end nothing else.
    client.on('error', () => undefined)
    // INVARIANT: where that cannot be had the connection is cut, before what was begun on it can commit. Not by the pool's
    // `verify`: a connection that is asked there for longer than its first user waits is lost to the pool for good.
    const made = client.query(SETTINGS)
    set.set(client, made)
    made.catch(() => client.end().catch(() => undefined))
  })
  pool.on('remove', (client: Pg.Client) => clients.delete(client))
  // A dropped idle connection is not news: the pool opens another when it is needed.
  pool.on('error', () => undefined)
  line.onGone(() => {
    for (const client of clients) cut(client)
  })
  const connect = (): Promise<Pg.PoolClient> =>
    new Promise((resolve, reject) => {
      if (line.isGone()) return reject(new Unreachable())
      let isTold = false
      const stopHearing = line.onGone(() => {
        isTold = true
        stopHearing()
        reject(new Unreachable())
      })
      pool.connect().then(
        (client) => {
          stopHearing()
          if (isTold) client.release(true)
          else resolve(client)
        },
        (error: unknown) => {
          stopHearing()
          reject(error)
        },
      )
    })
  const runAtOnce: Pool['runAtOnce'] = async (statement, cells) => {
    const client = await connect()
    let isWhole = false
    try {
      // A statement by itself would be committed before it is known whether the connection is to be cut.
      await set.get(client)
      const { rows } = await client.query({ ...statement, values: [...cells] })
      isWhole = true
      return rows
    } catch (error) {
      isWhole = error instanceof pg.DatabaseError
      throw error
    } finally {
      // One that gave no answer is not to give it to the next who asks.
      client.release(!isWhole)
    }
  }
  const gated = { connect, end: () => pool.end(), options: pool.options }
  // biome-ignore lint/suspicious/noExplicitAny: see AnyDb
  return { db: new Kysely<any>({ dialect: new PostgresDialect({ pool: gated }) }), runAtOnce }
}

/** At most so many within any second, whoever asks for them, but for those that are given back. */
const attemptsASecond = (max: number): { take(): (() => void) | undefined } => {
  let left = max
  return {
    take: () => {
      if (left === 0) return undefined
      left -= 1
      let isBack = false
      const giveBack = (): void => {
        clearTimeout(timer)
        if (!isBack) left += 1
        isBack = true
      }
      const timer = setTimeout(giveBack, 1_000).unref()
      return giveBack
    },
  }
}

import { type Kysely, sql, type Transaction } from 'kysely'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import type { Log } from './log.ts'
import type { Signal } from './operation.ts'
import { runText } from './run-text.ts'
import type { KitTables } from './schema.ts'

/** What a part that keeps something in memory does when that became out of date. */
export interface Follower {
  /** These keys of the topic changed. */
  changed(keys: readonly string[]): Promise<void> | void
  /** Too much was missed to say what: forget everything. */
  reset(): Promise<void> | void
}

/**
 * The change feed between memory and database, on one replica or many: whoever commits a change that others hold in
 * memory signals it in the same transaction, and everybody applies the signals in order.
 * INVARIANT: a signal's number is given under a lock that is held until the commit: gapless, in commit order.
 */
export interface Changes {
  follow(topic: string, follower: Follower): void
  /** Writes the signals, as the last step of the transaction: the counter stays locked until it commits. */
  signal(tx: Transaction<KitTables>, signals: readonly Signal[]): Promise<void>
  /** The number of the last committed signal; no further one commits before this transaction ends (rule 13). */
  head(tx: Transaction<KitTables>): Promise<number>
  /** Makes memory true up to what is committed now, without holding anything up. */
  refresh(tx: Transaction<KitTables>): Promise<void>
  /** The number up to which this replica's memory is true. */
  applied(): number
  /** Whether memory holds all that this process has signalled; all that anybody has, where it has the database for itself. */
  isTrue(): boolean
  /** Seconds since this replica's memory was last seen to be true; 0 where nobody else can change the database. */
  lagSeconds(): number
  /** Applies all that is committed. */
  catchUp(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

// Made once: they are asked in every transaction of the hot path.
const HEAD = "select value from kit_counter where name = 'change'"
// Two statements, because the second must see what was committed while the first waited. An advisory lock and not a row
// lock: its waiters queue, so that many readers of the head cannot hold up a quarantine for ever. On SQLite nobody else
// writes while a transaction is open.
const HOLD = 'select pg_advisory_xact_lock_shared(7236002)'
const MOVE = 'select pg_advisory_xact_lock(7236002)'

/**
 * PostgreSQL: the head as a part of one statement, with what `Changes.head` says of it. What the statement reads else is as old as its
 * beginning, but a row that it locks is the newest one: FOR SHARE looks at the row again if somebody changed it while the first lock
 * was waited for. That lock is still needed, since row locks have no queue.
 */
export const HELD_HEAD = `with "held" as materialized (${HOLD}),
  "head" as materialized (
    select "value" from "kit_counter" cross join "held" where "name" = 'change' for share of "kit_counter"
  )`

const CHANNEL = 'reeve_change'
const POLL_MS = 500
const KEEP_MS = 60 * 60 * 1000
const BATCH = 1000

/** The feed of this database. */
export const createChanges = (database: Database, clock: Clock, log: Log): Changes => {
  const db: Kysely<KitTables> = database.reader
  const followers = new Map<string, Follower[]>()
  let applied = 0
  let signalled = 0
  let trueAtMs = clock.monotonicMs()
  let stopListening: (() => Promise<void>) | undefined
  let timer: NodeJS.Timeout | undefined

  const apply = async (): Promise<void> => {
    for (;;) {
      // Taken before the question: the answer holds at least what was committed then.
      const askedAtMs = clock.monotonicMs()
      const rows = await db
        .selectFrom('kit_change')
        .select(['seq', 'topic', 'key'])
        .where('seq', '>', applied)
        .orderBy('seq')
        .limit(BATCH)
        .execute()
      const first = rows[0]
      const last = rows.at(-1)
      if (first === undefined || last === undefined) {
        trueAtMs = askedAtMs
        return
      }
      if (first.seq !== applied + 1) await everyone(followers, (follower) => follower.reset())
      else for (const [topic, keys] of byTopic(rows)) await tell(followers.get(topic), keys)
      applied = last.seq
    }
  }
  const catchUp = singleFlight(apply)
  const wake = () => void catchUp().catch((error) => log.warn({ err: error }, 'change feed not readable, trying again'))

  const readHead = async (tx: Transaction<KitTables>): Promise<number> => {
    const [counter] = await runText<{ value: number }>(tx, HEAD, [])
    if (counter === undefined) throw new Error('the counter of the change feed is gone')
    return counter.value
  }

  return {
    follow: (topic, follower) => {
      followers.set(topic, [...(followers.get(topic) ?? []), follower])
    },
    signal: async (tx, signals) => {
      if (signals.length === 0) return
      if (database.engine === 'postgres') await runText(tx, MOVE, [])
      const counter = await tx
        .updateTable('kit_counter')
        .set((eb) => ({ value: eb('value', '+', signals.length) }))
        .where('name', '=', 'change')
        .returning('value')
        .executeTakeFirstOrThrow()
      // Not every writer applies at once what it signals; until somebody does, memory is old.
      signalled = counter.value
      const first = counter.value - signals.length + 1
      const at = clock.now().getTime()
      await tx
        .insertInto('kit_change')
        .values(signals.map((signal, index) => ({ seq: first + index, topic: signal.topic, key: signal.key, at })))
        .execute()
      await database.notify(tx, CHANNEL)
    },
    head: async (tx) => {
      if (database.engine === 'postgres') await runText(tx, HOLD, [])
      // What was signalled in a transaction that came to nothing is not there either.
      signalled = await readHead(tx)
      return signalled
    },
    refresh: async (tx) => {
      if ((await readHead(tx)) !== applied) await catchUp()
    },
    applied: () => applied,
    isTrue: () => signalled <= applied,
    lagSeconds: () => (database.engine === 'sqlite' ? 0 : (clock.monotonicMs() - trueAtMs) / 1000),
    catchUp,
    start: async () => {
      const row = await db
        .selectFrom('kit_counter')
        .select('value')
        .where('name', '=', 'change')
        .executeTakeFirstOrThrow()
      applied = row.value
      await everyone(followers, (follower) => follower.reset())
      stopListening = await database.listen(CHANNEL, wake)
      // A notification may be lost with its connection; the poll bounds how long that can matter (V2).
      if (database.engine === 'postgres') timer = setInterval(wake, POLL_MS).unref()
    },
    stop: async () => {
      clearInterval(timer)
      await stopListening?.()
    },
  }
}

/** Removes what every replica has long applied. */
export const sweepChanges = async (tx: Transaction<KitTables>, now: Date): Promise<void> => {
  await tx
    .deleteFrom('kit_change')
    .where('at', '<', now.getTime() - KEEP_MS)
    .where('seq', '<', sql<number>`(select value - 10000 from kit_counter where name = 'change')`)
    .execute()
}

const byTopic = (rows: readonly { topic: string; key: string }[]): Map<string, string[]> => {
  const grouped = new Map<string, string[]>()
  for (const row of rows) grouped.set(row.topic, [...(grouped.get(row.topic) ?? []), row.key])
  return grouped
}

const tell = async (followers: readonly Follower[] | undefined, keys: readonly string[]): Promise<void> => {
  for (const follower of followers ?? []) await follower.changed(keys)
}

const everyone = async (all: Map<string, Follower[]>, act: (follower: Follower) => Promise<void> | void) => {
  for (const group of all.values()) for (const follower of group) await act(follower)
}

// Callers that arrive while it runs get a run that started after they came: what they saw committed is applied.
const singleFlight = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const run = (): Promise<void> => {
    const mine = work().finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }
  return () => {
    if (running === undefined) return run()
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return run()
      })
    return next
  }
}

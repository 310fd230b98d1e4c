import type { Transaction } from 'kysely'
import type { Clock } from '../kit/clock.ts'
import type { AnyTx, Database, Handle } from '../kit/database.ts'
import type { KitTables } from '../kit/schema.ts'
import type { NumberedEvent } from './event.ts'
import { readLedger } from './reader.ts'
import type { Recent } from './recent.ts'
import type { LedgerTables } from './schema.ts'
import { firstWaitingAt } from './unnumbered.ts'

const BATCH = 500

/**
 * Reads the log from where this reader stopped and hands it batches, each in one transaction with the new cursor:
 * what `take` writes and that it was taken commit together, so nothing is lost and nothing counts twice.
 */
export const followLedger = async (
  database: Database,
  clock: Clock,
  { name, take, recent }: Follower,
): Promise<void> => {
  for (let isMore = true; isMore; )
    isMore = await database.write(async (tx: AnyTx) => {
      const cursor = await claimCursor(tx, name, clock.now(), database.engine === 'postgres')
      // Another replica may have numbered more behind what is here: a look that finds nothing is the end.
      const here = recent?.take(cursor + 1)
      const { events, last, isAll } = here === undefined ? await readBatch(tx, cursor) : { ...here, isAll: false }
      if (last === cursor) return false
      await take(tx, events)
      await tx
        .updateTable('kit_cursor')
        .set({ seq: last, at: clock.now().getTime() })
        .where('name', '=', name)
        .execute()
      return !isAll
    })
}

/** Who follows the log. */
export interface Follower {
  readonly name: string
  take(tx: AnyTx, events: readonly NumberedEvent[]): Promise<void>
  /** What need not be read; a transaction that fails after it took something from there reads it. */
  readonly recent?: Recent | undefined
}

const readBatch = async (tx: AnyTx, cursor: number) => {
  const events = await readLedger(tx, cursor, BATCH)
  return { events, last: events.at(-1)?.seq ?? cursor, isAll: events.length < BATCH }
}

/** Up to when a reader has read the log: now, or the moment of the first entry that it has not. */
export const followedUntil = async (db: Handle<KitTables & LedgerTables>, name: string, now: Date): Promise<Date> => {
  const cursor = await db.selectFrom('kit_cursor').select('seq').where('name', '=', name).executeTakeFirst()
  // What has no number yet comes after all that has one. It is looked at first: what gets its number meanwhile is unread.
  const waitingAt = await firstWaitingAt(db)
  const entries = db.selectFrom('ledger_entry').select('at').limit(1)
  // Served by ledger_entry_seq.
  const unread = await entries
    .where('seq', '>', cursor?.seq ?? -1)
    .orderBy('seq')
    .executeTakeFirst()
  return new Date(
    Math.min(now.getTime(), unread?.at ?? Number.POSITIVE_INFINITY, waitingAt ?? Number.POSITIVE_INFINITY),
  )
}

// On PostgreSQL the row lock keeps two replicas from taking the same entries; SQLite has one writer anyway.
const claimCursor = async (tx: Transaction<KitTables>, name: string, now: Date, mustLock: boolean): Promise<number> => {
  await tx
    .insertInto('kit_cursor')
    .values({ name, seq: -1, at: now.getTime() })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const query = tx.selectFrom('kit_cursor').select('seq').where('name', '=', name)
  return (await (mustLock ? query.forUpdate() : query).executeTakeFirstOrThrow()).seq
}

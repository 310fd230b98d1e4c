import { sql, type Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { LedgerTables } from './schema.ts'

/** A signed checkpoint as it is stored. */
export interface KeptCheckpoint {
  readonly size: number
  readonly note: string
  readonly at: Date
}

/** The checkpoint over most entries; undefined in a log that has none yet. */
export const latestCheckpoint = async (db: Handle<LedgerTables>): Promise<KeptCheckpoint | undefined> => {
  const row = await db.selectFrom('ledger_checkpoint').selectAll().orderBy('size', 'desc').limit(1).executeTakeFirst()
  return row === undefined ? undefined : { size: row.size, note: row.note, at: new Date(row.at) }
}

/** Checkpoints with fromSize <= size <= toSize, by size, at most `limit`. */
export const checkpointsBetween = async (
  db: Handle<LedgerTables>,
  fromSize: number,
  toSize: number,
  limit: number,
): Promise<readonly KeptCheckpoint[]> => {
  const rows = await db
    .selectFrom('ledger_checkpoint')
    .selectAll()
    .where('size', '>=', fromSize)
    .where('size', '<=', toSize)
    .orderBy('size')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ size: row.size, note: row.note, at: new Date(row.at) }))
}

const HOUR_MS = 60 * 60 * 1000

/**
 * Keeps every checkpoint of the last hour and the last one of each hour before: a busy log signs four a second, and any
 * size can be proven from the tree itself.
 */
export const thinCheckpoints = async (tx: Transaction<LedgerTables>, now: Date): Promise<void> => {
  const lastOfHours = tx
    .selectFrom('ledger_checkpoint')
    .select((eb) => eb.fn.max('size').as('size'))
    .groupBy(sql`at / ${sql.lit(HOUR_MS)}`)
  await tx
    .deleteFrom('ledger_checkpoint')
    .where('at', '<', now.getTime() - HOUR_MS)
    .where('size', 'not in', lastOfHours)
    .execute()
}

import { sql } from 'kysely'
import type { AnyTx } from '../kit/database.ts'

/** One use of an identity, as a verifier or the broker saw it. */
export interface SeenUse {
  readonly identity: string
  readonly at: Date
}

// Two parameters a row; well below the 32,766 that SQLite allows in a statement.
const ROWS_MAX = 1000

/** Moves the last use of these identities forward, never back; what is said to be later than `now` counts as now. */
export const markUsed = async (tx: AnyTx, uses: readonly SeenUse[], now: Date): Promise<void> => {
  const latest = new Map<string, number>()
  for (const { identity, at } of uses)
    latest.set(identity, Math.max(latest.get(identity) ?? 0, Math.min(at.getTime(), now.getTime())))
  const rows = [...latest]
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    const seen = rows
      .slice(start, start + ROWS_MAX)
      .map(([id, at]) => sql`(cast(${id} as text), cast(${at} as bigint))`)
    // Both engines call the columns of a VALUES list column1 and column2.
    await sql`update inventory_identity set used_at = seen.column2 from (values ${sql.join(seen)}) as seen
      where inventory_identity.id = seen.column1 and inventory_identity.used_at < seen.column2`.execute(tx)
  }
}

import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from './dialect.ts'

/**
 * Where an entry waits for its number: in one table without an index, so that what it is committed with writes few pages.
 * What an older release left in the log without a number is moved here when the sequencer starts.
 */
export const unnumbered: Migration = {
  up: async (db) => {
    const table = db.schema.createTable('ledger_unnumbered')
    // On SQLite not counted on for ever, which would be one more page to write: what was numbered is gone from here.
    const withPosition = isPostgres(db)
      ? table.addColumn('position', sql`bigint generated always as identity`, (c) => c.primaryKey())
      : table.addColumn('position', 'integer', (c) => c.primaryKey())
    await withPosition
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('actor_id', 'text')
      .addColumn('on_id', 'text')
      .addColumn('team', 'text')
      .addColumn('decision_id', 'text')
      .addColumn('request_id', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .execute()
    // Rows come and go by the thousand: without this their remains would be read over again and again.
    if (isPostgres(db))
      await sql`alter table ledger_unnumbered
        set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`.execute(db)
  },
}

import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How many identities of each kind are in which state: what was counted, and each change since as a row of its own. */
export const inventoryCounts: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('inventory_count')
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('identities', 'bigint', (c) => c.notNull())
      .execute()
    await sql`insert into inventory_count (kind, state, identities)
      select kind, state, count(*) from inventory_identity group by kind, state`.execute(db)
  },
}

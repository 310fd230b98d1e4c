import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** The risk of each identity as it was judged last, and the index by which one finding of two sources is known. */
export const posture: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('inventory_risk')
      .addColumn('identity_id', text, (c) => c.primaryKey())
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('score', 'integer', (c) => c.notNull())
      .addColumn('is_high', 'integer', (c) => c.notNull())
      .addColumn('since', 'bigint', (c) => c.notNull())
      .addColumn('judged_at', 'bigint', (c) => c.notNull())
      .addColumn('factors', 'text', (c) => c.notNull())
      .execute()
    await sql`create index inventory_risk_score on inventory_risk (score desc, name)`.execute(db)
    await db.schema.createIndex('inventory_risk_judged').on('inventory_risk').column('judged_at').execute()
    await db.schema.createIndex('observe_finding_fingerprint').on('observe_finding').column('fingerprint').execute()
  },
}

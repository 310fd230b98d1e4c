import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** The identities whose facts were changed by hand since they were judged. */
export const judgementsDue: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('inventory_due')
      .addColumn('identity_id', text, (c) => c.primaryKey())
      .addColumn('mark', text, (c) => c.notNull())
      .execute()
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** What fragments of directories may declare, as one JSON text each. */
export const policyFragments: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('policy_fragment')
      .addColumn('name', byteText(db), (c) => c.primaryKey())
      .addColumn('directory', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .execute()
  },
}

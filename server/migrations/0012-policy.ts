import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Applications that ask about things of their own: their types, as one JSON text each. */
export const policyApplications: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('policy_application')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('name', byteText(db), (c) => c.notNull().unique())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('directory', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .execute()
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** With how many tests each directory was last applied, so that losing them all is seen. */
export const policyDirectories: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('policy_directory')
      .addColumn('name', byteText(db), (c) => c.primaryKey())
      .addColumn('tests', 'bigint', (c) => c.notNull())
      .execute()
  },
}

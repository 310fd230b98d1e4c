import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/**
 * What the first import of a directory made report-only, towards what else it brought alone. Beside `policy_mode`, since
 * a replica of before would take such a row there for a mode that holds towards everything.
 */
export const firstImport: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('policy_import_mode')
      .addColumn('kind', byteText(db), (c) => c.notNull())
      .addColumn('target', byteText(db), (c) => c.notNull())
      .addColumn('directory', byteText(db), (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('since', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('by', 'text')
      .addColumn('team', byteText(db))
      .addPrimaryKeyConstraint('policy_import_mode_key', ['kind', 'target'])
      .execute()
    await db.schema
      .createIndex('policy_import_mode_team')
      .on('policy_import_mode')
      .columns(['team', 'kind', 'target'])
      .execute()
  },
}

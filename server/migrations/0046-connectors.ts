import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Live systems that are asked what is there: how, since when, and what the last time came to. */
export const connectors: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('inventory_connector')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('name', text, (c) => c.notNull().unique())
      .addColumn('vendor', text, (c) => c.notNull())
      .addColumn('mode', text, (c) => c.notNull())
      .addColumn('settings', 'text', (c) => c.notNull())
      .addColumn('without', 'text', (c) => c.notNull())
      .addColumn('every_hours', 'integer', (c) => c.notNull())
      .addColumn('sealed', 'text', (c) => c.notNull())
      .addColumn('secret_variable', text)
      .addColumn('secret_file', text)
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', text)
      .addColumn('due_at', 'bigint', (c) => c.notNull())
      .addColumn('lease_holder', text)
      .addColumn('lease_until', 'bigint', (c) => c.notNull())
      .addColumn('last_run', 'text')
      .execute()
    await db.schema.createIndex('inventory_connector_due').on('inventory_connector').column('due_at').execute()
  },
}

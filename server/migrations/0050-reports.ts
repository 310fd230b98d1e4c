import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** The standing reports of what is at high risk, each with its difference to the one before and how far its delivery is. */
export const reports: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('observe_report')
      .addColumn('number', 'bigint', (c) => c.primaryKey())
      .addColumn('id', text, (c) => c.notNull().unique())
      .addColumn('made_at', 'bigint', (c) => c.notNull())
      .addColumn('made_by', text)
      .addColumn('previous', text)
      .addColumn('standing', 'integer', (c) => c.notNull())
      .addColumn('fresh', 'integer', (c) => c.notNull())
      .addColumn('changed', 'integer', (c) => c.notNull())
      .addColumn('gone', 'integer', (c) => c.notNull())
      .addColumn('delivery', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('retry_at', 'bigint', (c) => c.notNull())
      .addColumn('delivered_at', 'bigint')
      .addColumn('last_error', 'text')
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    await sql`create index observe_report_pending on observe_report (number) where delivery = 'pending'`.execute(db)
    await db.schema.createIndex('observe_report_expires').on('observe_report').column('expires_at').execute()
    await db.schema
      .createTable('observe_report_item')
      .addColumn('report', 'bigint', (c) => c.notNull())
      .addColumn('place', 'integer', (c) => c.notNull())
      .addColumn('finding', text, (c) => c.notNull())
      .addColumn('change', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('observe_report_item_pk', ['report', 'place'])
      .execute()
  },
}

import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/**
 * Shared signals: a row for each stream, with how far it was told the revocation feed; and what a stop must say of itself
 * for that, which is found by its target, in force or released.
 */
export const brokerStreams: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('broker_stream')
      .addColumn('id', byteText(db), (c) => c.primaryKey())
      .addColumn('identity', 'text', (c) => c.notNull())
      .addColumn('team', byteText(db))
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text')
      .addColumn('sealed', 'text')
      .addColumn('requested', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('status_reason', 'text')
      .addColumn('excluded', 'text', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('resend_from', 'bigint')
      .addColumn('resend_until', 'bigint')
      .addColumn('own', 'text', (c) => c.notNull())
      .addColumn('taken', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text')
      .addColumn('verified_at', 'bigint')
      .addColumn('heard_at', 'bigint')
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('last_error', 'text')
      .addColumn('retry_at', 'bigint', (c) => c.notNull())
      .addColumn('lease_holder', 'text')
      .addColumn('lease_until', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('broker_stream_identity').on('broker_stream').column('identity').execute()
    await db.schema.createIndex('broker_stream_team').on('broker_stream').columns(['team', 'id']).execute()
    await db.schema.alterTable('broker_stop').addColumn('identity', 'text').execute()
    await db.schema.createIndex('broker_stop_of').on('broker_stop').columns(['target', 'seq']).execute()
    await sql`create index broker_stop_in_force on broker_stop (seq) where released_at is null`.execute(db)
    // Held while a stream is added, so that nobody has more than their number by asking for several at once.
    await sql`insert into broker_counter (name, value) values ('stream', 0)`.execute(db)
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Logins that wait for a person elsewhere, and which one opened a session. */
export const waitingLogins: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('lifecycle_login')
      .addColumn('hash', text, (c) => c.primaryKey())
      .addColumn('user_hash', text, (c) => c.notNull().unique())
      .addColumn('id', text, (c) => c.notNull().unique())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('interval_seconds', 'integer', (c) => c.notNull())
      .addColumn('polled_at', 'bigint')
      .addColumn('ip', 'text')
      .addColumn('region', 'text')
      .addColumn('user_agent', 'text')
      .addColumn('person', text)
      .addColumn('session', text)
      .addColumn('decided_at', 'bigint')
      .execute()
    await db.schema.createIndex('lifecycle_login_end').on('lifecycle_login').column('expires_at').execute()
    await db.schema.alterTable('lifecycle_session').addColumn('login', 'text').execute()
  },
}

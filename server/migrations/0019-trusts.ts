import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Federation trusts: what a credential of that kind believes. `claims` is JSON, a text for each claim. */
export const brokerTrusts: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('broker_trust')
      .addColumn('credential', byteText(db), (c) => c.primaryKey())
      .addColumn('issuer', byteText(db), (c) => c.notNull())
      .addColumn('audience', byteText(db), (c) => c.notNull())
      .addColumn('platform', 'text', (c) => c.notNull())
      .addColumn('claims', 'text', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('broker_trust_issuer').on('broker_trust').columns(['issuer', 'audience']).execute()
    // Held while a trust is added, so that two that overlap cannot be added at once.
    await sql`insert into broker_counter (name, value) values ('trust', 0)`.execute(db)
  },
}

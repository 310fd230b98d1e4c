import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Rotations of credentials, and from where each credential was seen in use. `told` is JSON: who had moved at the end. */
export const brokerRotations: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('broker_rotation')
      .addColumn('id', byteText(db), (c) => c.primaryKey())
      .addColumn('identity', 'text', (c) => c.notNull())
      .addColumn('predecessor', byteText(db), (c) => c.notNull())
      .addColumn('successor', byteText(db), (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('started_by', 'text')
      .addColumn('reason', 'text')
      .addColumn('deadline', 'bigint', (c) => c.notNull())
      .addColumn('at_deadline', 'text', (c) => c.notNull())
      .addColumn('known_since', 'bigint', (c) => c.notNull())
      .addColumn('found_at', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('ended_by', 'text')
      .addColumn('ended_because', 'text')
      .addColumn('told', 'text')
      .execute()
    // A credential has one successor at a time, and is itself the successor of one.
    await sql`create unique index broker_rotation_predecessor on broker_rotation (predecessor) where state = 'overlap'`.execute(
      db,
    )
    await sql`create unique index broker_rotation_successor on broker_rotation (successor)`.execute(db)
    await sql`create index broker_rotation_before on broker_rotation (predecessor, started_at)`.execute(db)
    await sql`create index broker_rotation_overlap on broker_rotation (deadline, id) where state = 'overlap'`.execute(
      db,
    )
    await db.schema
      .createTable('broker_consumer')
      .addColumn('credential', byteText(db), (c) => c.notNull())
      .addColumn('instance', byteText(db), (c) => c.notNull())
      .addColumn('address', byteText(db), (c) => c.notNull())
      .addColumn('first_seen', 'bigint', (c) => c.notNull())
      .addColumn('last_seen', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('broker_consumer_pk', ['credential', 'instance', 'address'])
      .execute()
    await db.schema.createIndex('broker_consumer_seen').on('broker_consumer').column('last_seen').execute()
    // When more was seen of a credential than is kept.
    await db.schema.alterTable('broker_credential').addColumn('consumers_over_at', 'bigint').execute()
  },
}

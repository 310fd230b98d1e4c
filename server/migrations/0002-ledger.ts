import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { numbered } from './dialect.ts'

/** The ledger: entries, the Merkle tree over them, checkpoints, and what is kept beside. */
export const ledger: Migration = {
  up: async (db) => {
    await numbered(db, db.schema.createTable('ledger_entry'), 'position')
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('seq', 'bigint')
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('actor_id', 'text')
      .addColumn('on_id', 'text')
      .addColumn('decision_id', 'text')
      .addColumn('request_id', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .execute()
    await indexes(db)
    await db.schema
      .createTable('ledger_node')
      .addColumn('level', 'integer', (c) => c.notNull())
      .addColumn('idx', 'bigint', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('ledger_node_pk', ['level', 'idx'])
      .execute()
    await db.schema
      .createTable('ledger_state')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('range', 'text', (c) => c.notNull())
      .addColumn('root', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('ledger_checkpoint')
      .addColumn('size', 'bigint', (c) => c.primaryKey())
      .addColumn('note', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('ledger_kept')
      .addColumn('digest', 'text', (c) => c.primaryKey())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createTable('ledger_key')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('vkey', 'text', (c) => c.notNull())
      .addColumn('sealed', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
  },
}

const indexes = async (db: Kysely<unknown>) => {
  // The sequencer looks only at what has no number yet; the partial index stays as small as that.
  await sql`create index ledger_entry_unnumbered on ledger_entry (position) where seq is null`.execute(db)
  await sql`create unique index ledger_entry_seq on ledger_entry (seq) where seq is not null`.execute(db)
  await sql`create index ledger_entry_actor on ledger_entry (actor_id, position) where actor_id is not null`.execute(db)
  await sql`create index ledger_entry_on on ledger_entry (on_id, position) where on_id is not null`.execute(db)
  await sql`create index ledger_entry_decision on ledger_entry (decision_id) where decision_id is not null`.execute(db)
  await sql`create index ledger_entry_kind on ledger_entry (kind, position)`.execute(db)
  await sql`create index ledger_entry_at on ledger_entry (at)`.execute(db)
}

import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** What the register is joined to scans by: stable keys of identities, which scan saw what, seen secrets, and reaches. */
export const inventoryReconcile: Migration = {
  up: async (db) => {
    await sightings(db)
    await scans(db)
    await aliases(db)
    await secrets(db)
    await reaches(db)
    await seen(db)
  },
}

const sightings = async (db: Kysely<unknown>) => {
  const add = (column: string, type: 'text' | 'bigint' | 'integer') =>
    db.schema
      .alterTable('inventory_sighting')
      .addColumn(column, type, (c) => (type === 'integer' ? c.notNull().defaultTo(0) : c))
  for (const column of ['scope', 'apart_from']) await add(column, 'text').execute()
  await add('gone_at', 'bigint').execute()
  for (const column of ['is_declared', 'is_live', 'is_judged']) await add(column, 'integer').execute()
  await sql`create index inventory_sighting_drift on inventory_sighting (name, id) where is_declared <> is_live`.execute(
    db,
  )
  await sql`create index inventory_sighting_scope on inventory_sighting (scope, is_declared, is_live) where scope is not null`.execute(
    db,
  )
}

// What each scan saw: a sighting is all of them together, and gone once no scan sees it any more.
const scans = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('inventory_sighting_scan')
    .addColumn('scan', text, (c) => c.notNull())
    .addColumn('sighting_id', text, (c) => c.notNull())
    .addColumn('standing', 'text')
    .addColumn('scanned_at', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('is_judged', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('inventory_sighting_scan_pk', ['scan', 'sighting_id'])
    .execute()
  // The sightings that a complete scan no longer saw.
  await db.schema
    .createIndex('inventory_sighting_scan_before')
    .on('inventory_sighting_scan')
    .columns(['scan', 'scanned_at'])
    .execute()
  await db.schema
    .createIndex('inventory_sighting_scan_sighting')
    .on('inventory_sighting_scan')
    .column('sighting_id')
    .execute()
}

const aliases = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('inventory_alias')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('key', text, (c) => c.notNull())
    .addColumn('identity_id', text, (c) => c.notNull())
    .addColumn('sighting_id', text)
    .addColumn('because', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('since_by', 'text')
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_by', 'text')
    .addColumn('ended_because', 'text')
    .execute()
  // One identity for a key; of what ended there may be any number.
  await sql`create unique index inventory_alias_key on inventory_alias (key) where ended_at is null`.execute(db)
  await db.schema
    .createIndex('inventory_alias_identity')
    .on('inventory_alias')
    .columns(['identity_id', 'since', 'id'])
    .execute()
  await sql`create index inventory_alias_sighting on inventory_alias (sighting_id) where sighting_id is not null`.execute(
    db,
  )
}

const secrets = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('inventory_secret')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('salt_id', 'text', (c) => c.notNull())
    .addColumn('fingerprint', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('tail', 'text', (c) => c.notNull())
    .addColumn('first_seen_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('inventory_secret_place')
    .addColumn('secret_id', text, (c) => c.notNull())
    .addColumn('sighting_id', text, (c) => c.notNull())
    .addColumn('place', text, (c) => c.notNull())
    .addPrimaryKeyConstraint('inventory_secret_place_pk', ['secret_id', 'sighting_id', 'place'])
    .execute()
  await db.schema
    .createIndex('inventory_secret_place_sighting')
    .on('inventory_secret_place')
    .column('sighting_id')
    .execute()
}

const reaches = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('inventory_reach')
    .addColumn('what', text, (c) => c.notNull())
    .addColumn('sighting_id', text, (c) => c.notNull())
    .addColumn('access', text, (c) => c.notNull())
    .addPrimaryKeyConstraint('inventory_reach_pk', ['what', 'sighting_id', 'access'])
    .execute()
  await db.schema.createIndex('inventory_reach_sighting').on('inventory_reach').column('sighting_id').execute()
}

// Beside the identities, not in them: a scan must not wait for whoever holds an identity's row, nor change its revision.
const seen = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('inventory_identity_seen')
    .addColumn('identity_id', byteText(db), (c) => c.primaryKey())
    .addColumn('seen_at', 'bigint', (c) => c.notNull())
    .execute()
}

import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText, isPostgres } from './dialect.ts'

/** The register: teams, identities, the terms that lists are narrowed by, and sightings. */
export const inventory: Migration = {
  up: async (db) => {
    await teams(db)
    await identities(db)
    await terms(db)
    await sightings(db)
  },
}

const teams = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('inventory_team')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', byteText(db), (c) => c.notNull().unique())
    .addColumn('technical_contact', 'text', (c) => c.notNull())
    .addColumn('business_contact', 'text', (c) => c.notNull())
    .addColumn('business_unit', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('state_reason', 'text')
    .addColumn('state_by', 'text')
    .addColumn('created_by', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
}

const identities = async (db: Kysely<unknown>) => {
  let table = db.schema
    .createTable('inventory_identity')
    .addColumn('id', byteText(db), (c) => c.primaryKey())
    .addColumn('name', byteText(db), (c) => c.notNull().unique())
  for (const column of MANDATORY_TEXTS) table = table.addColumn(column, 'text', (c) => c.notNull())
  for (const column of OPTIONAL_TEXTS) table = table.addColumn(column, 'text')
  for (const column of NUMBERS) table = table.addColumn(column, 'bigint', (c) => c.notNull())
  await table.execute()
  const index = (name: string) => db.schema.createIndex(`inventory_identity_${name}`).on('inventory_identity')
  await index('used').columns(['used_at', 'name']).execute()
  await index('expires').columns(['expires_at', 'name']).execute()
  await index('review').columns(['review_at', 'name']).execute()
  // The job that disables what expired looks only at one state at a time.
  await index('due').columns(['state', 'expires_at']).execute()
  // Which of a team's identities nobody used for long: the question that is asked most of a large register.
  await index('owner').columns(['owner_id', 'used_at', 'name']).execute()
  // An agent may have spawned thousands that are retired; only the living count.
  await sql`create index inventory_identity_parent on inventory_identity (parent_id, name) where state <> 'retired'`.execute(
    db,
  )
}

const MANDATORY_TEXTS = [
  'kind',
  'state',
  'tier',
  'functions',
  'boundary',
  'blast_radius',
  'effective_blast_radius',
  'rights',
  'owner_id',
  'purpose',
  'environment',
  'lifecycle',
  'auth_methods',
  'upstream',
  'downstream',
  'tags',
  'expires_text',
  'review_text',
] as const

const OPTIONAL_TEXTS = [
  'state_before',
  'state_reason',
  'state_by',
  'quarantined_with',
  'pipeline',
  'workflow_name',
  'workflow_repository',
  'parent_id',
  'revocation_procedure',
  'created_by',
  'approved_by',
] as const

const NUMBERS = ['state_at', 'created_at', 'expires_at', 'review_at', 'used_at', 'revision'] as const

const terms = async (db: Kysely<unknown>) => {
  // The key is the table: on SQLite without a second copy of it.
  await db.schema
    .createTable('inventory_identity_term')
    .addColumn('term', byteText(db), (c) => c.notNull())
    .addColumn('name', byteText(db), (c) => c.notNull())
    .addPrimaryKeyConstraint('inventory_identity_term_pk', ['term', 'name'])
    .modifyEnd(isPostgres(db) ? sql`` : sql`without rowid`)
    .execute()
}

const sightings = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('inventory_sighting')
    .addColumn('id', byteText(db), (c) => c.primaryKey())
    .addColumn('stable_key', byteText(db), (c) => c.notNull().unique())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', byteText(db), (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('identity_id', 'text')
    .addColumn('environment', 'text')
    .addColumn('owner_hint', 'text')
    .addColumn('is_owned', 'integer', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('first_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .execute()
  const index = (name: string) => db.schema.createIndex(`inventory_sighting_${name}`).on('inventory_sighting')
  await index('name').columns(['name', 'id']).execute()
  await index('state').columns(['state', 'is_owned', 'name', 'id']).execute()
  await index('identity').column('identity_id').execute()
}

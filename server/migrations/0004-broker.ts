import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** The broker: signing keys, credentials, instances, stops with the revocation feed, and verifiers. */
export const broker: Migration = {
  up: async (db) => {
    await signingKeys(db)
    await credentials(db)
    await instances(db)
    await stops(db)
  },
}

const signingKeys = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('broker_signing_key')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('algorithm', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('public_jwk', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('prepared_at', 'bigint', (c) => c.notNull())
    .addColumn('published_at', 'bigint')
    .addColumn('activated_at', 'bigint')
    .addColumn('retiring_at', 'bigint')
    .addColumn('retired_at', 'bigint')
    .addColumn('reason', 'text', (c) => c.notNull())
    .execute()
  // Two replicas that make a first key at once: the second one fails here and takes the first one's.
  await sql`create unique index broker_signing_key_active on broker_signing_key (algorithm) where state = 'active'`.execute(
    db,
  )
}

const credentials = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('broker_credential')
    .addColumn('id', byteText(db), (c) => c.primaryKey())
    .addColumn('identity', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('algorithm', 'text')
    .addColumn('key_id', 'text')
    .addColumn('thumbprint', 'text')
    .addColumn('public_jwk', 'text')
    .addColumn('secret_hash', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('created_by', 'text')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('exception', 'text')
    .addColumn('state_at', 'bigint', (c) => c.notNull())
    .addColumn('state_by', 'text')
    .addColumn('state_reason', 'text')
    .execute()
  await sql`create index broker_credential_identity on broker_credential (identity, created_at, id)`.execute(db)
  await sql`create index broker_credential_created on broker_credential (created_at, id)`.execute(db)
  await sql`create unique index broker_credential_secret on broker_credential (secret_hash) where secret_hash is not null`.execute(
    db,
  )
  // One key proves one identity, as long as it is not revoked.
  await sql`create unique index broker_credential_thumbprint on broker_credential (thumbprint) where thumbprint is not null and state <> 'revoked'`.execute(
    db,
  )
}

const instances = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('broker_instance')
    .addColumn('identity', byteText(db), (c) => c.notNull())
    .addColumn('instance', byteText(db), (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('first_seen', 'bigint', (c) => c.notNull())
    .addColumn('last_seen', 'bigint', (c) => c.notNull())
    .addColumn('state_reason', 'text')
    .addPrimaryKeyConstraint('broker_instance_pk', ['identity', 'instance'])
    .execute()
  await db.schema.createIndex('broker_instance_seen').on('broker_instance').column('last_seen').execute()
}

const stops = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('broker_stop')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('verb', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('stopped_by', 'text')
    .addColumn('stopped_at', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint')
    .addColumn('released_at', 'bigint')
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .execute()
  await sql`create index broker_stop_target on broker_stop (target) where released_at is null`.execute(db)
  await sql`create index broker_stop_until on broker_stop (until) where until is not null`.execute(db)
  await sql`create index broker_stop_released on broker_stop (released_at) where released_at is not null`.execute(db)
  await db.schema
    .createTable('broker_revocation')
    .addColumn('seq', 'bigint', (c) => c.primaryKey())
    .addColumn('verb', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('until', 'bigint')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('broker_counter')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'bigint', (c) => c.notNull())
    .execute()
  await sql`insert into broker_counter (name, value) values ('revocation', 0)`.execute(db)
  await db.schema
    .createTable('broker_verifier')
    .addColumn('identity', 'text', (c) => c.notNull())
    .addColumn('instance', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('broker_verifier_pk', ['identity', 'instance'])
    .execute()
}

import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** People, their devices and sessions, enrolment codes, approvals and exceptions. */
export const lifecycle: Migration = {
  up: async (db) => {
    await people(db)
    await codes(db)
    await approvals(db)
    await exceptions(db)
  },
}

const people = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('lifecycle_person')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('email', text, (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('removed_at', 'bigint')
    .addColumn('removed_by', 'text')
    .addColumn('removed_reason', 'text')
    .addColumn('invited_by', 'text')
    .execute()
  // Whoever was removed may come back under the same address.
  await sql`create unique index lifecycle_person_email on lifecycle_person (email) where state = 'active'`.execute(db)
  await db.schema
    .createTable('lifecycle_person_role')
    .addColumn('person', text, (c) => c.notNull())
    .addColumn('role', text, (c) => c.notNull())
    .addColumn('team', text, (c) => c.notNull())
    .addColumn('given_by', 'text')
    .addPrimaryKeyConstraint('lifecycle_person_role_pk', ['person', 'role', 'team'])
    .execute()
  await db.schema.createIndex('lifecycle_role_team').on('lifecycle_person_role').columns(['role', 'team']).execute()
  await db.schema
    .createTable('lifecycle_person_key')
    .addColumn('thumbprint', text, (c) => c.primaryKey())
    .addColumn('person', text, (c) => c.notNull())
    .addColumn('jwk', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('lifecycle_key_person').on('lifecycle_person_key').column('person').execute()
}

const codes = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('lifecycle_code')
    .addColumn('hash', text, (c) => c.primaryKey())
    .addColumn('id', text, (c) => c.notNull())
    .addColumn('slot', 'text', (c) => c.unique())
    .addColumn('roles', 'text', (c) => c.notNull())
    .addColumn('created_by', text)
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('used_by', 'text')
    .execute()
  await db.schema.createIndex('lifecycle_code_expiry').on('lifecycle_code').column('expires_at').execute()
  await db.schema
    .createTable('lifecycle_session')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('hash', text, (c) => c.notNull().unique())
    .addColumn('person', text, (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_by', 'text')
    .addColumn('ip', 'text')
    .addColumn('user_agent', 'text')
    .execute()
  await db.schema.createIndex('lifecycle_session_person').on('lifecycle_session').columns(['person', 'id']).execute()
  await db.schema.createIndex('lifecycle_session_expiry').on('lifecycle_session').column('expires_at').execute()
}

const approvals = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('lifecycle_approval')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('operation', text, (c) => c.notNull())
    .addColumn('digest', text, (c) => c.notNull())
    .addColumn('input', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('need', 'text', (c) => c.notNull())
    .addColumn('team', text)
    .addColumn('requester', text, (c) => c.notNull())
    .addColumn('requester_name', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('decided_at', 'bigint')
    .addColumn('used_at', 'bigint')
    .execute()
  await sql`create index lifecycle_approval_list on lifecycle_approval (created_at desc, id)`.execute(db)
  await sql`create index lifecycle_approval_state on lifecycle_approval (state, created_at desc, id)`.execute(db)
  await db.schema
    .createTable('lifecycle_vote')
    .addColumn('approval', text, (c) => c.notNull())
    .addColumn('person', text, (c) => c.notNull())
    .addColumn('person_name', 'text')
    .addColumn('verdict', 'text', (c) => c.notNull())
    .addColumn('roles', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('lifecycle_vote_pk', ['approval', 'person'])
    .execute()
}

const exceptions = async (db: Kysely<unknown>) => {
  const text = byteText(db)
  await db.schema
    .createTable('lifecycle_exception')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('kind', text, (c) => c.notNull())
    .addColumn('subject', text, (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text')
    .addColumn('approval', text, (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_by', 'text')
    .addColumn('ended_reason', 'text')
    .execute()
  await db.schema
    .createIndex('lifecycle_exception_subject')
    .on('lifecycle_exception')
    .columns(['kind', 'subject', 'expires_at'])
    .execute()
  await sql`create index lifecycle_exception_list on lifecycle_exception (created_at desc, id)`.execute(db)
}

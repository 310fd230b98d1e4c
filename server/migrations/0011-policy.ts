import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** What directories declared when they were last applied, and plans that wait to be applied. */
export const policyPlan: Migration = {
  up: async (db) => {
    const ordered = byteText(db)
    await db.schema
      .createTable('policy_declared')
      .addColumn('directory', ordered, (c) => c.notNull())
      .addColumn('type', ordered, (c) => c.notNull())
      .addColumn('name', ordered, (c) => c.notNull())
      .addColumn('object', 'text')
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('is_created', 'integer', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('policy_declared_pk', ['directory', 'type', 'name'])
      .execute()
    await db.schema
      .createTable('policy_plan')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('by', 'text')
      .addColumn('body', 'text', (c) => c.notNull())
      .execute()
    await sql`create index policy_plan_expiry on policy_plan (expires_at)`.execute(db)
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Which credentials of identities people were seen to use, and in which hours of a day people's accounts acted. */
export const people: Migration = {
  up: async (db) => {
    const text = byteText(db)
    await db.schema
      .createTable('observe_people_use')
      .addColumn('identity', text, (c) => c.notNull())
      .addColumn('credential', text, (c) => c.notNull())
      .addColumn('tool', text, (c) => c.notNull())
      .addColumn('last_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('observe_people_use_pk', ['identity', 'credential', 'tool'])
      .execute()
    await db.schema
      .createTable('observe_person_day')
      .addColumn('person', text, (c) => c.notNull())
      .addColumn('day', 'bigint', (c) => c.notNull())
      .addColumn('hours', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('observe_person_day_pk', ['day', 'person'])
      .execute()
  },
}

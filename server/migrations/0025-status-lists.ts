import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Which resources' tokens name a status list; and of a stop of a token that does, the page of lists that it is on, so that a
 * list is read by broker_stop_page.
 */
export const statusLists: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('policy_resource')
      .addColumn('status_list', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('broker_stop').addColumn('page', 'text').execute()
    await sql`create index broker_stop_page on broker_stop (page) where page is not null and released_at is null`.execute(
      db,
    )
  },
}

import type { Migration } from 'kysely/migration'

/** What a session was narrowed to when it was opened, as JSON. */
export const narrowedSessions: Migration = {
  up: async (db) => {
    await db.schema.alterTable('lifecycle_session').addColumn('narrowed_to', 'text').execute()
  },
}

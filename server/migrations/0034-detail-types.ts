import type { Migration } from 'kysely/migration'

/** The types of authorization details that a resource takes, as JSON. */
export const detailTypes: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('policy_resource')
      .addColumn('detail_types', 'text', (c) => c.notNull().defaultTo('[]'))
      .execute()
  },
}

import type { Migration } from 'kysely/migration'

/** Which resources are authorization servers of others: what is issued for them are grants, and no tokens. */
export const authorizationServers: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('policy_resource')
      .addColumn('is_authorization_server', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
  },
}

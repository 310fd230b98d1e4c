import type { Migration } from 'kysely/migration'

/** How often each data key may have sealed: what every replica has set aside of it. */
export const sealUses: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('kit_data_key')
      .addColumn('uses', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}

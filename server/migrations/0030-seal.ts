import type { Migration } from 'kysely/migration'

/** Which key wraps a data key, from when on it seals, and when nothing was left that it opens. */
export const sealKeys: Migration = {
  up: async (db) => {
    for (const [name, type] of [
      ['kek', 'text'],
      ['retired_at', 'bigint'],
    ] as const)
      await db.schema.alterTable('kit_data_key').addColumn(name, type).execute()
    await db.schema
      .alterTable('kit_data_key')
      .addColumn('usable_from', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}

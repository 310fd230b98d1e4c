import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/**
 * Who follows the feed of each replica: one row a replica, which it renews. No index but the key: there are as many rows
 * as servers, and PostgreSQL renews a row in its place as long as no index holds what changed.
 */
export const brokerFollowers: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('broker_follower')
      .addColumn('replica', byteText(db), (c) => c.primaryKey())
      .addColumn('followers', 'text', (c) => c.notNull())
      .addColumn('until', 'bigint', (c) => c.notNull())
      .execute()
  },
}

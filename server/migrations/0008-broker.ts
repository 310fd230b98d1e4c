import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Former owners of identities, for as long as tokens that name them may live. */
export const brokerTenure: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('broker_tenure')
      .addColumn('identity', byteText(db), (c) => c.notNull())
      .addColumn('former', byteText(db), (c) => c.notNull())
      .addColumn('owner', byteText(db), (c) => c.notNull())
      .addColumn('until', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('broker_tenure_pk', ['identity', 'former'])
      .execute()
    await db.schema.createIndex('broker_tenure_owner').on('broker_tenure').columns(['owner', 'identity']).execute()
    await db.schema.createIndex('broker_tenure_until').on('broker_tenure').column('until').execute()
  },
}

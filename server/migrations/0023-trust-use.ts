import type { Migration } from 'kysely/migration'

/** How often one token may be used, where a trust says it; empty: as its platform does it. */
export const brokerTrustUse: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_trust').addColumn('tokens', 'text').execute()
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/**
 * What a trust in AWS or in a SPIFFE trust domain says beside its claims, as JSON: the regions whose STS is asked, and
 * where the keys of the domain are. And key pairs that are bound to one machine, with how often each was used.
 */
export const brokerProofs: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_trust').addColumn('regions', 'text').execute()
    await db.schema.alterTable('broker_trust').addColumn('bundle', 'text').execute()
    await db.schema
      .createTable('broker_bound_key')
      .addColumn('credential', byteText(db), (c) => c.primaryKey())
      .addColumn('join_hash', 'text', (c) => c.notNull())
      .addColumn('join_until', 'bigint', (c) => c.notNull())
      .addColumn('joined_at', 'bigint')
      .addColumn('generation', 'bigint', (c) => c.notNull())
      .addColumn('attempt_hash', 'text')
      .addColumn('used_at', 'bigint')
      .addColumn('address', 'text')
      .execute()
    // Who joins is known by the secret alone.
    await db.schema.createIndex('broker_bound_key_join').on('broker_bound_key').column('join_hash').unique().execute()
  },
}

import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** By which session another one was let in, and by which proof of an identity the delivery of a stream was set: what ends with what. */
export const origins: Migration = {
  up: async (db) => {
    await db.schema.alterTable('lifecycle_session').addColumn('approved_by', byteText(db)).execute()
    await db.schema.createIndex('lifecycle_session_word').on('lifecycle_session').column('approved_by').execute()
    for (const column of ['set_by_token', 'set_by_credential', 'set_by_instance'])
      await db.schema.alterTable('broker_stream').addColumn(column, byteText(db)).execute()
  },
}

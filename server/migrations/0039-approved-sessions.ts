import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Which session a session was opened by the word of, and ends with. */
export const approvedSessions: Migration = {
  up: async (db) => {
    await db.schema.alterTable('lifecycle_session').addColumn('approved_by', byteText(db)).execute()
    await db.schema.createIndex('lifecycle_session_word').on('lifecycle_session').column('approved_by').execute()
  },
}

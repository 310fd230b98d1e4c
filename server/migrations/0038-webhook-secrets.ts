import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Secrets that sign webhooks: sealed, and found by the resource that takes them. */
export const webhookSecrets: Migration = {
  up: async (db) => {
    for (const column of ['sealed', 'receiver'])
      await db.schema.alterTable('broker_credential').addColumn(column, 'text').execute()
    await sql`
      create index broker_credential_receiver on broker_credential (receiver, created_at, id)
      where receiver is not null`.execute(db)
  },
}

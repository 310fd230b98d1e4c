import type { Migration } from 'kysely/migration'

/** API keys: what each is limited to, as JSON; null for every other credential. Looked up by broker_credential_secret. */
export const brokerApiKeys: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_credential').addColumn('limits', 'text').execute()
  },
}

import type { Migration } from 'kysely/migration'

/** What the certificates of a credential are called (RFC 8705 §2.1.2), as JSON; null for every other kind. */
export const brokerCertificates: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_credential').addColumn('certificate_name', 'text').execute()
  },
}

import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Where the key set of a credential is, which stands in place of its key; one for one identity, as a key is. */
export const keySets: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_credential').addColumn('jwks_uri', 'text').execute()
    await sql`create unique index broker_credential_jwks on broker_credential (jwks_uri) where jwks_uri is not null and state <> 'revoked'`.execute(
      db,
    )
  },
}

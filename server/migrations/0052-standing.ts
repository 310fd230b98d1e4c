import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What stands of a source, by fingerprint: read from its index alone, without a look at the rows. */
export const standing: Migration = {
  up: async (db) => {
    await sql`create index observe_finding_standing on observe_finding (source, fingerprint) where state <> 'closed'`.execute(
      db,
    )
  },
}

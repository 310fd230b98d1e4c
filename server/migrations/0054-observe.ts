import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The index by which findings follow a sighting to the identity that it becomes, and from one that it is not. */
export const findingsFollow: Migration = {
  up: async (db) => {
    await sql`create index observe_finding_sighting on observe_finding (sighting) where sighting is not null`.execute(
      db,
    )
  },
}

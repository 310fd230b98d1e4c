import type { Migration } from 'kysely/migration'

/** Which tags of an identity the tokens of a resource say, as claims and as session tags of AWS. */
export const tagClaims: Migration = {
  up: async (db) => {
    for (const column of ['tag_claims', 'aws_session_tags'])
      await db.schema
        .alterTable('policy_resource')
        .addColumn(column, 'text', (c) => c.notNull().defaultTo('[]'))
        .execute()
  },
}

import type { Migration } from 'kysely/migration'

/** Which signing keys a verifier said that it has, as JSON; null of one that says nothing of them. */
export const heldKeys: Migration = {
  up: async (db) => {
    await db.schema.alterTable('broker_verifier').addColumn('held_keys', 'text').execute()
  },
}

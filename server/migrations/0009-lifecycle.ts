import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** An approval is of several teams, and says why it is needed. */
export const approvalTeams: Migration = {
  up: async (db) => {
    await db.schema
      .alterTable('lifecycle_approval')
      .addColumn('why', 'text', (c) => c.notNull().defaultTo('[]'))
      .execute()
    const text = byteText(db)
    await db.schema
      .createTable('lifecycle_approval_team')
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('approval', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('lifecycle_approval_team_pk', ['team', 'approval'])
      .execute()
    await db.schema
      .createIndex('lifecycle_approval_team_approval')
      .on('lifecycle_approval_team')
      .column('approval')
      .execute()
    // As in lifecycle_person_role, what is of no team has the empty text.
    await sql`insert into lifecycle_approval_team (team, approval) select coalesce(team, ''), id from lifecycle_approval`.execute(
      db,
    )
  },
}

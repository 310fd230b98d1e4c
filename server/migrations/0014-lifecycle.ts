import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/** Since when the roles of approvers and admins take two people: where there are two already, from the start. */
export const fourEyes: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('lifecycle_four_eyes')
      .addColumn('id', byteText(db), (c) => c.primaryKey())
      .addColumn('since', 'bigint')
      .execute()
    await sql`insert into lifecycle_four_eyes (id, since) select 'reeve', max(person.created_at)
      from lifecycle_person_role as held join lifecycle_person as person on person.id = held.person
      where held.team = '' and held.role in ('approver', 'admin') and person.state = 'active'
      having count(distinct held.person) >= 2`.execute(db)
  },
}

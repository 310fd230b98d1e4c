import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { byteText } from './dialect.ts'

/**
 * Whose everything is, beside it: lists of one team's part begin with the team in an index. What belongs to an identity
 * has the identity's team and moves with it; an event keeps the team of its time.
 */
export const teams: Migration = {
  up: async (db) => {
    for (const { table, identity, index } of OF_IDENTITIES) {
      await addTeam(db, table)
      await sql`update ${sql.table(table)} set team = (select owner_id from inventory_identity where id = ${sql.ref(`${table}.${identity}`)})`.execute(
        db,
      )
      await sql`create index ${sql.raw(`${table}_team`)} on ${sql.table(table)} ${sql.raw(index)}`.execute(db)
    }
    await exceptions(db)
    await modes(db)
    // No team, as a value that an index keeps in order with the others, on both engines.
    await sql`update inventory_sighting set team = '' where team is null`.execute(db)
    await db.schema.createIndex('policy_resource_owner').on('policy_resource').columns(['owner', 'name']).execute()
    await approvals(db)
    await db.schema
      .createIndex('lifecycle_person_role_team')
      .on('lifecycle_person_role')
      .columns(['team', 'person'])
      .execute()
    await addTeam(db, 'ledger_entry')
    // Read from its end, as the log is; what has no number yet is in no list.
    await sql`create index ledger_entry_team on ledger_entry (team, seq) where team is not null`.execute(db)
  },
}

const OF_IDENTITIES = [
  { table: 'broker_credential', identity: 'identity', index: '(team, created_at desc, id desc)' },
  { table: 'policy_grant', identity: 'identity', index: '(team, id)' },
  { table: 'observe_finding', identity: 'identity', index: '(team, severity_rank, first_seen desc, id)' },
  { table: 'inventory_sighting', identity: 'identity_id', index: '(team, name, id)' },
] as const

const addTeam = async (db: Kysely<unknown>, table: string) => {
  await db.schema.alterTable(table).addColumn('team', byteText(db)).execute()
}

// A subject names an identity first, and what it may reach behind a stroke.
const exceptions = async (db: Kysely<unknown>) => {
  await addTeam(db, 'lifecycle_exception')
  await sql`update lifecycle_exception set team = (
    select owner_id from inventory_identity
    where lifecycle_exception.subject = id or lifecycle_exception.subject like id || '/%'
  )`.execute(db)
  await sql`create index lifecycle_exception_team on lifecycle_exception (team, created_at desc, id)`.execute(db)
}

const approvals = async (db: Kysely<unknown>) => {
  await db.schema.alterTable('lifecycle_approval_team').addColumn('created_at', 'bigint').execute()
  await sql`update lifecycle_approval_team set created_at = (select created_at from lifecycle_approval where id = approval)`.execute(
    db,
  )
  await sql`create index lifecycle_approval_team_list on lifecycle_approval_team (team, created_at desc, approval)`.execute(
    db,
  )
}

const modes = async (db: Kysely<unknown>) => {
  await addTeam(db, 'policy_mode')
  await sql`update policy_mode set team = (select owner_id from inventory_identity where id = target) where kind = 'identity'`.execute(
    db,
  )
  await sql`update policy_mode set team = (select owner from policy_resource where id = target) where kind = 'resource'`.execute(
    db,
  )
  await db.schema.createIndex('policy_mode_team').on('policy_mode').columns(['team', 'kind', 'target']).execute()
}

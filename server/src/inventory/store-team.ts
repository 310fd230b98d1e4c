import type { Handle } from '../kit/database.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import type { Team } from './domain/identity.ts'
import type { InventoryTables, TeamRow } from './schema.ts'

type Db = Handle<InventoryTables>

/** A team by id or unique name. */
export const findTeam = async (db: Db, idOrName: string): Promise<Team | undefined> => {
  const row = await db
    .selectFrom('inventory_team')
    .selectAll()
    .where(idOrName.startsWith('team_') ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst()
  return row === undefined ? undefined : toTeam(row)
}

/** As `findTeam`, and nobody else changes the team until this transaction ends. */
export const lockTeam = async (tx: Db, id: string): Promise<Team | undefined> => {
  const row = await tx
    .updateTable('inventory_team')
    .set((eb) => ({ state: eb.ref('state') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toTeam(row)
}

/** Teams by name, after this name. */
export const listTeams = (db: Db, scope: Scope, afterName: string, limit: number): Promise<readonly Team[]> =>
  readParts(scope, { limit, isBefore: byText(({ name }) => name) }, async (id) => {
    const query = db.selectFrom('inventory_team').selectAll().where('name', '>', afterName)
    const rows = id === undefined ? query.orderBy('name').limit(limit) : query.where('id', '=', id)
    return (await rows.execute()).map(toTeam)
  })

/** The teams with these ids, by id. */
export const teamsById = async (db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, Team>> => {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('inventory_team')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map((row) => [row.id, toTeam(row)]))
}

/** The teams with these names, by name. */
export const teamsNamed = async (db: Db, names: readonly string[]): Promise<ReadonlyMap<string, Team>> => {
  const found = new Map<string, Team>()
  for (let start = 0; start < names.length; start += NAMES_MAX) {
    const query = db
      .selectFrom('inventory_team')
      .selectAll()
      .where('name', 'in', names.slice(start, start + NAMES_MAX))
    for (const row of await query.execute()) found.set(row.name, toTeam(row))
  }
  return found
}

const NAMES_MAX = 5_000

/** Teams that name this person as a contact, of those that the scope lets be seen, by id. */
export const teamsOfContact = (db: Db, scope: Scope, contact: string, limit: number): Promise<readonly string[]> =>
  readParts(scope, { limit, isBefore: byText((id) => id) }, async (team) => {
    const ids = new Set<string>()
    for (const column of ['technical_contact', 'business_contact'] as const) {
      const query = db.selectFrom('inventory_team').select('id').where(column, '=', contact)
      const rows = team === undefined ? query.orderBy('id').limit(limit) : query.where('id', '=', team)
      for (const { id } of await rows.execute()) ids.add(id)
    }
    return [...ids].sort().slice(0, limit)
  })

/** Files a new team; false when its name is taken. */
export const insertTeam = async (tx: Db, team: Team): Promise<boolean> => {
  const row = await tx
    .insertInto('inventory_team')
    .values(toTeamRow(team))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Writes what a team has become. */
export const updateTeam = async (tx: Db, team: Team): Promise<void> => {
  const { id, name: _, created_at: __, created_by: ___, ...changes } = toTeamRow(team)
  await tx.updateTable('inventory_team').set(changes).where('id', '=', id).execute()
}

/** The row of a team. */
export const toTeamRow = (team: Team): TeamRow => ({
  id: team.id,
  name: team.name,
  technical_contact: team.technicalContact,
  business_contact: team.businessContact,
  business_unit: team.businessUnit,
  state: team.state,
  state_reason: team.stateReason,
  state_by: team.stateBy,
  created_by: team.createdBy,
  created_at: team.createdAt.getTime(),
})

const toTeam = (row: TeamRow): Team => ({
  id: row.id,
  name: row.name,
  technicalContact: row.technical_contact,
  businessContact: row.business_contact,
  businessUnit: row.business_unit,
  state: row.state === 'quarantined' ? 'quarantined' : 'active',
  stateReason: row.state_reason,
  stateBy: row.state_by,
  createdBy: row.created_by,
  createdAt: new Date(row.created_at),
})

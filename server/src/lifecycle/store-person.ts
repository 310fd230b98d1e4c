import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import { ROLES, type Role } from './domain/role.ts'
import type { LifecycleTables } from './schema.ts'

/** A person as the room knows one. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly state: 'active' | 'removed'
  readonly createdAt: Date
  readonly removedAt: Date | null
  readonly roles: readonly Role[]
}

const State = z.enum(['active', 'removed'])
const RoleName = z.enum(ROLES)

/** The person, removed or not, with roles. */
export const findPerson = async (db: Handle<LifecycleTables>, id: string): Promise<Person | undefined> => {
  const row = await db.selectFrom('lifecycle_person').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  return toPerson(row, await rolesOf(db, [id]))
}

/** A page of people by id, after `afterId`; of a team those who have roles in it and nowhere else. */
export const listPersons = (
  db: Handle<LifecycleTables>,
  scope: Scope,
  filter: PersonFilter,
): Promise<readonly Person[]> =>
  readParts(scope, { limit: filter.limit, isBefore: byText(({ id }) => id) }, (team) => partOf(db, team, filter))

interface PersonFilter {
  readonly state: string | undefined
  readonly afterId: string
  readonly limit: number
}

// A team's part is served by lifecycle_person_role_team.
const partOf = async (
  db: Handle<LifecycleTables>,
  team: string | undefined,
  filter: PersonFilter,
): Promise<readonly Person[]> => {
  let query = db.selectFrom('lifecycle_person').selectAll().where('id', '>', filter.afterId)
  if (team !== undefined)
    query = query.where((eb) =>
      eb.and([
        eb('id', 'in', eb.selectFrom('lifecycle_person_role').select('person').where('team', '=', team)),
        eb.not(
          eb.exists(
            eb
              .selectFrom('lifecycle_person_role as elsewhere')
              .select('elsewhere.role')
              .whereRef('elsewhere.person', '=', 'lifecycle_person.id')
              .where('elsewhere.team', '<>', team),
          ),
        ),
      ]),
    )
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  const rows = await query.orderBy('id').limit(filter.limit).execute()
  const roles = await rolesOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => toPerson(row, roles))
}

/** The active people who are approvers or admins, of everything or of a team. */
export const deciders = async (db: Handle<LifecycleTables>): Promise<readonly Person[]> => {
  const rows = await db
    .selectFrom('lifecycle_person')
    .selectAll()
    .where('state', '=', 'active')
    .where((eb) => {
      const held = eb.selectFrom('lifecycle_person_role').select('person').where('role', 'in', ['approver', 'admin'])
      return eb('id', 'in', held)
    })
    .orderBy('id')
    .execute()
  const roles = await rolesOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => toPerson(row, roles))
}

/** Adds the person; false when somebody active has the address. */
export const insertPerson = async (
  tx: Transaction<LifecycleTables>,
  person: {
    id: string
    name: string
    email: string
    roles: readonly Role[]
    invitedBy: string | null
    now: Date
  },
): Promise<boolean> => {
  const row = await tx
    .insertInto('lifecycle_person')
    .values({
      id: person.id,
      name: person.name,
      email: person.email,
      state: 'active',
      created_at: person.now.getTime(),
      removed_at: null,
      removed_by: null,
      removed_reason: null,
      invited_by: person.invitedBy,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) return false
  await setRoles(tx, person.id, person.roles, person.invitedBy)
  return true
}

/** Makes these the person's roles; those that are new are given by whom it says, the others stay whose they are. */
export const setRoles = async (
  tx: Transaction<LifecycleTables>,
  id: string,
  roles: readonly Role[],
  givenBy: string | null,
): Promise<void> => {
  const wanted = roles.map(({ role, team }) => ({ person: id, role, team: team ?? '', given_by: givenBy }))
  const had = await tx.selectFrom('lifecycle_person_role').selectAll().where('person', '=', id).execute()
  const isAmong = (one: { role: string; team: string }) =>
    wanted.some(({ role, team }) => role === one.role && team === one.team)
  for (const { role, team } of had.filter((one) => !isAmong(one)))
    await tx
      .deleteFrom('lifecycle_person_role')
      .where('person', '=', id)
      .where('role', '=', role)
      .where('team', '=', team)
      .execute()
  if (wanted.length === 0) return
  await tx
    .insertInto('lifecycle_person_role')
    .values(wanted)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Marks the person removed and forgets roles and keys; false when that was done before. */
export const removePerson = async (
  tx: Transaction<LifecycleTables>,
  removal: { id: string; by: string | null; reason: string; now: Date },
): Promise<boolean> => {
  const row = await tx
    .updateTable('lifecycle_person')
    .set({
      state: 'removed',
      removed_at: removal.now.getTime(),
      removed_by: removal.by,
      removed_reason: removal.reason,
    })
    .where('id', '=', removal.id)
    .where('state', '=', 'active')
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) return false
  await tx.deleteFrom('lifecycle_person_role').where('person', '=', removal.id).execute()
  await tx.deleteFrom('lifecycle_person_key').where('person', '=', removal.id).execute()
  return true
}

/** Ids of the active admins of everything. */
export const adminIds = async (db: Handle<LifecycleTables>): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('lifecycle_person_role')
    .innerJoin('lifecycle_person', 'lifecycle_person.id', 'lifecycle_person_role.person')
    .select('lifecycle_person.id')
    .where('lifecycle_person_role.role', '=', 'admin')
    .where('lifecycle_person_role.team', '=', '')
    .where('lifecycle_person.state', '=', 'active')
    .execute()
  return rows.map(({ id }) => id)
}

/** Whose invitation made this person; null for a code of the machine, or where there is no such person. */
export const inviterOf = async (db: Handle<LifecycleTables>, person: string): Promise<string | null> => {
  const row = await db.selectFrom('lifecycle_person').select('invited_by').where('id', '=', person).executeTakeFirst()
  return row?.invited_by ?? null
}

/** A role that gives a say in approvals, and who holds it. */
export interface HeldSay extends Role {
  readonly person: string
  /** Whose invitation made this person; null for a code of the machine. */
  readonly invitedBy: string | null
  /** Who gave this role; null for a code of the machine. */
  readonly givenBy: string | null
}

/** Who of the active people is an approver, an admin or an owner, and of what. */
export const heldSay = async (db: Handle<LifecycleTables>): Promise<readonly HeldSay[]> => {
  const rows = await db
    .selectFrom('lifecycle_person_role')
    .innerJoin('lifecycle_person', 'lifecycle_person.id', 'lifecycle_person_role.person')
    .select(['person', 'role', 'team', 'given_by', 'invited_by'])
    .where('lifecycle_person_role.role', 'in', ['approver', 'admin', 'owner'])
    .where('lifecycle_person.state', '=', 'active')
    .execute()
  return rows.map((row) => ({
    person: row.person,
    role: RoleName.parse(row.role),
    team: row.team === '' ? null : row.team,
    invitedBy: row.invited_by,
    givenBy: row.given_by,
  }))
}

/** The roles of these people. */
const rolesOf = async (
  db: Handle<LifecycleTables>,
  persons: readonly string[],
): Promise<ReadonlyMap<string, readonly Role[]>> => {
  const found = new Map<string, Role[]>()
  if (persons.length === 0) return found
  const rows = await db
    .selectFrom('lifecycle_person_role')
    .selectAll()
    .where('person', 'in', [...persons])
    .orderBy('person')
    .orderBy('role')
    .orderBy('team')
    .execute()
  for (const { person, role, team } of rows) {
    const roles = found.get(person) ?? []
    roles.push({ role: RoleName.parse(role), team: team === '' ? null : team })
    found.set(person, roles)
  }
  return found
}

const toPerson = (
  row: { id: string; name: string; email: string; state: string; created_at: number; removed_at: number | null },
  roles: ReadonlyMap<string, readonly Role[]>,
): Person => ({
  id: row.id,
  name: row.name,
  email: row.email,
  state: State.parse(row.state),
  createdAt: new Date(row.created_at),
  removedAt: row.removed_at === null ? null : new Date(row.removed_at),
  roles: roles.get(row.id) ?? [],
})

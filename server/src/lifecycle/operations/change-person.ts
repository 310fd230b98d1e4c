import { z } from 'zod'
import { isAdminOfAll, mayGive, onlyTeamOf, type Role, rolesText } from '../domain/role.ts'
import { fault } from '../faults.ts'
import { PersonOutput, personSubject, RolesInput, resolveRoles, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import { countAdmins, setRoles } from '../store-person.ts'
import { personOf } from './show-person.ts'

/** Gives a person other roles. */
export const changePerson = operation.write({
  name: 'lifecycle.person.change',
  summary: 'gives a person these roles instead of the ones they have',
  input: z.strictObject({ person: z.string().min(1).max(64), roles: RolesInput }),
  output: PersonOutput,
  faults: ['team_unknown', 'role_beyond_yours', 'last_admin', 'person_removed'],
  principals: ['human'],
  on: async ({ tx, input, ports, sees }) => {
    const person = await personOf(tx, input.person)
    const roles = await resolveRoles(ports, tx, input.roles, sees)
    return personSubject(person, onlyTeamOf([...person.roles, ...roles]))
  },
  run: async ({ tx, input, ports, caller, sees }) => {
    const admins = await countAdmins(tx)
    const before = await personOf(tx, input.person)
    if (before.state === 'removed') throw fault('person_removed')
    const roles = await resolveRoles(ports, tx, input.roles, sees)
    if (!mayGive(caller.roles, differing(before.roles, roles))) throw fault('role_beyond_yours')
    if (isAdminOfAll(before.roles) && !isAdminOfAll(roles) && admins <= 1) throw fault('last_admin')
    await setRoles(tx, before.id, roles, caller.actor.id)
    const after = await personOf(tx, input.person)
    return {
      output: toPersonOutput(after),
      change: [{ field: 'roles', before: rolesText(before.roles), after: rolesText(after.roles) }],
      signals: [{ topic: 'session', key: before.id }],
    }
  },
})

/** What is given or taken: the roles that only one side has. */
const differing = (before: readonly Role[], after: readonly Role[]): readonly Role[] => {
  const has = (roles: readonly Role[], one: Role) =>
    roles.some(({ role, team }) => role === one.role && team === one.team)
  return [...before.filter((role) => !has(after, role)), ...after.filter((role) => !has(before, role))]
}

import { z } from 'zod'
import { isAdminOfAll, mayGive, onlyTeamOf, rolesBeyond, rolesText } from '../domain/role.ts'
import { fault } from '../faults.ts'
import { FOUR_EYES_FAULTS, withFourEyes } from '../four-eyes.ts'
import { PersonOutput, personSubject, RolesInput, resolveRoles, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import { holdFourEyes } from '../store-four-eyes.ts'
import { adminIds, setRoles } from '../store-person.ts'
import { personOf } from './show-person.ts'

/** Gives a person other roles. */
export const changePerson = operation.write({
  name: 'lifecycle.person.change',
  summary: 'give a person these roles instead of the ones they have',
  input: z.strictObject({
    person: z.string().min(1).max(64),
    roles: RolesInput,
    /** Of another approver or admin, where it gives or takes the role of one. */
    approval: z.string().min(1).max(64).optional(),
  }),
  output: PersonOutput,
  faults: ['team_unknown', 'role_beyond_yours', 'last_admin', 'person_removed', ...FOUR_EYES_FAULTS],
  principals: ['human'],
  on: async ({ tx, input, ports, sees }) => {
    const person = await personOf(tx, input.person)
    const roles = await resolveRoles(ports, tx, input.roles, sees)
    return personSubject(person, onlyTeamOf([...person.roles, ...roles]))
  },
  run: async ({ tx, input, ports, caller, now, sees }) => {
    const isFourEyes = await holdFourEyes(tx)
    const before = await personOf(tx, input.person)
    if (before.state === 'removed') throw fault('person_removed')
    const roles = await resolveRoles(ports, tx, input.roles, sees)
    const differing = [...rolesBeyond(before.roles, roles), ...rolesBeyond(roles, before.roles)]
    if (!mayGive(caller.roles, differing)) throw fault('role_beyond_yours')
    const isAdminLost = isAdminOfAll(before.roles) && !isAdminOfAll(roles)
    if (isAdminLost && (await adminIds(tx)).length <= 1) throw fault('last_admin')
    const call = { operation: 'lifecycle.person.change', input, person: before, roles, caller, now, isFourEyes }
    const agreed = await withFourEyes(tx, ports, call, () => setRoles(tx, before.id, roles, caller.actor.id))
    const after = await personOf(tx, input.person)
    return {
      ...agreed,
      output: toPersonOutput(after),
      change: [{ field: 'roles', before: rolesText(before.roles), after: rolesText(after.roles) }, ...agreed.change],
      signals: [{ topic: 'session', key: before.id }],
    }
  },
})

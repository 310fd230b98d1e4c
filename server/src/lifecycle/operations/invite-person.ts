import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Moment } from '../../kit/text.ts'
import { isDeciding, mayGive, onlyTeamOf, rolesText } from '../domain/role.ts'
import { secretHash, secretText } from '../domain/secret-text.ts'
import { fault } from '../faults.ts'
import { RolesInput, RolesOutput, resolveRoles } from '../person-shape.ts'
import { operation } from '../room.ts'
import { putCode } from '../store-code.ts'
import { isFourEyes } from '../store-four-eyes.ts'

const HOUR_MS = 60 * 60 * 1000
const HOURS_DEFAULT = 72
const HOURS_MAX = 7 * 24
const SECRET_BYTES = 32

/** Invites a person: the answer holds the one-time code, once; only its hash is kept. */
export const invitePerson = operation.write({
  name: 'lifecycle.person.invite',
  summary: 'make a one-time code with which a person enrols, with these roles',
  input: z.strictObject({
    roles: RolesInput.min(1),
    expiresInHours: z.number().int().min(1).max(HOURS_MAX).default(HOURS_DEFAULT),
  }),
  output: z.object({ id: z.string(), code: z.string(), roles: RolesOutput, expiresAt: Moment }),
  faults: ['team_unknown', 'role_beyond_yours', 'second_decider_first', 'role_after_enrolment'],
  principals: ['human'],
  on: async ({ tx, input, ports, sees }) => {
    const team = onlyTeamOf(await resolveRoles(ports, tx, input.roles, sees))
    return { ...DEPLOYMENT, team }
  },
  run: async ({ tx, input, ports, caller, now, newId, sees }) => {
    const roles = await resolveRoles(ports, tx, input.roles, sees)
    if (!mayGive(caller.roles, roles)) throw fault('role_beyond_yours')
    // Whoever has the code has the roles: of whom another person must agree to, it must be known who that is.
    const deciding = roles.filter(isDeciding)
    if (deciding.length > 0 && (await isFourEyes(tx))) throw fault('role_after_enrolment')
    if (deciding.some(({ team }) => team !== null)) throw fault('second_decider_first')
    const id = newId('inv')
    const code = secretText('ec', ports.random.bytes(SECRET_BYTES))
    const expiresAt = new Date(now.getTime() + input.expiresInHours * HOUR_MS)
    await putCode(tx, { hash: secretHash(code), id, slot: null, roles, createdBy: caller.actor.id, now, expiresAt })
    return {
      output: { id, code, roles: roles.map((role) => ({ ...role })), expiresAt: expiresAt.toISOString() },
      change: [{ field: 'roles', before: null, after: rolesText(roles) }],
      evidence: { invitation: id, expiresAt: expiresAt.toISOString() },
    }
  },
})

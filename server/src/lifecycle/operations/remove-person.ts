import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { isAdminOfAll, mayGive, rolesText } from '../domain/role.ts'
import { fault } from '../faults.ts'
import { PersonOutput, personSubject, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import { voidCodesOf } from '../store-code.ts'
import { countAdmins, removePerson as markRemoved } from '../store-person.ts'
import { endSessions } from '../store-session.ts'
import { personOf } from './show-person.ts'

/** Removes a person: sessions end, keys are forgotten, invitations that nobody used are void. */
export const removePerson = operation.write({
  name: 'lifecycle.person.remove',
  summary: 'removes a person, ends their sessions and voids their invitations',
  input: z.strictObject({ person: z.string().min(1).max(64), reason: Line(500) }),
  output: PersonOutput.extend({ sessionsEnded: z.number() }),
  faults: ['role_beyond_yours', 'last_admin', 'person_removed'],
  principals: ['human'],
  on: async ({ tx, input }) => personSubject(await personOf(tx, input.person)),
  run: async ({ tx, input, caller, now }) => {
    const admins = await countAdmins(tx)
    const before = await personOf(tx, input.person)
    if (before.state === 'removed') throw fault('person_removed')
    if (!mayGive(caller.roles, before.roles)) throw fault('role_beyond_yours')
    if (isAdminOfAll(before.roles) && admins <= 1) throw fault('last_admin')
    const by = caller.actor.id
    if (!(await markRemoved(tx, { id: before.id, by, reason: input.reason, now }))) throw fault('person_removed')
    const ended = await endSessions(tx, { person: before.id }, { by, now })
    await voidCodesOf(tx, before.id)
    return {
      output: { ...toPersonOutput(await personOf(tx, input.person)), sessionsEnded: ended.length },
      change: [
        { field: 'state', before: 'active', after: 'removed' },
        { field: 'roles', before: rolesText(before.roles), after: null },
      ],
      evidence: { reason: input.reason, sessionsEnded: ended.length },
      signals: [{ topic: 'session', key: before.id }],
    }
  },
})

import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { isAdminOfAll, mayGive, rolesText } from '../domain/role.ts'
import { fault } from '../faults.ts'
import { FOUR_EYES_FAULTS, withFourEyes } from '../four-eyes.ts'
import { PersonOutput, personSubject, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import { voidCodesOf } from '../store-code.ts'
import { holdFourEyes } from '../store-four-eyes.ts'
import { adminIds, removePerson as markRemoved } from '../store-person.ts'
import { endSessions } from '../store-session.ts'
import { personOf } from './show-person.ts'

/** Removes a person: sessions end, keys are forgotten, invitations that nobody used are void. */
export const removePerson = operation.write({
  name: 'lifecycle.person.remove',
  summary: 'remove a person, end their sessions and void their invitations',
  input: z.strictObject({
    person: z.string().min(1).max(64),
    reason: Line(500),
    /** Of another approver or admin, where the person is one. */
    approval: z.string().min(1).max(64).optional(),
  }),
  output: PersonOutput.extend({ sessionsEnded: z.number() }),
  faults: ['role_beyond_yours', 'last_admin', 'person_removed', ...FOUR_EYES_FAULTS],
  principals: ['human'],
  on: async ({ tx, input }) => personSubject(await personOf(tx, input.person)),
  run: async ({ tx, input, ports, caller, now }) => {
    const isFourEyes = await holdFourEyes(tx)
    const before = await personOf(tx, input.person)
    if (before.state === 'removed') throw fault('person_removed')
    if (!mayGive(caller.roles, before.roles)) throw fault('role_beyond_yours')
    if (isAdminOfAll(before.roles) && (await adminIds(tx)).length <= 1) throw fault('last_admin')
    const by = caller.actor.id
    const call = { operation: 'lifecycle.person.remove', input, person: before, roles: [], caller, now, isFourEyes }
    const agreed = await withFourEyes(tx, ports, call, async () => {
      if (!(await markRemoved(tx, { id: before.id, by, reason: input.reason, now }))) throw fault('person_removed')
    })
    const ended = await endSessions(tx, { person: before.id }, { by, now })
    await voidCodesOf(tx, before.id)
    return {
      ...agreed,
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

import { z } from 'zod'
import { STATES } from '../domain/state.ts'
import { expire } from '../ending.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { identitySubject, needIdentity, needLocked } from '../subject.ts'
import { reference } from '../texts.ts'

/** Disables an identity whose expiry has come. Called by this server's own job. */
export const expireIdentity = operation.write({
  name: 'inventory.identity.expire',
  summary: 'disable an identity whose expiry has come',
  input: z.strictObject({ identity: reference('identity') }),
  output: z.object({ id: z.string(), state: z.enum(STATES) }),
  faults: ['wrong_state'],
  principals: ['automation'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, ports }) => {
    const before = await needLocked(tx, input.identity)
    if (before.expires.at > now) throw fault('wrong_state', { about: `${before.name} has not expired` })
    const reason = `its expiry, ${before.expires.at.toISOString()}, has passed`
    const { after, signals } = await expire(before, { tx, ports, reason, by: caller.actor.id, now })
    return {
      output: { id: after.id, state: after.state },
      on: identitySubject(after),
      change: [{ field: 'state', before: before.state, after: after.state }],
      evidence: { reason },
      signals,
    }
  },
})

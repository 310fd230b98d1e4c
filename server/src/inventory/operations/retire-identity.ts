import { z } from 'zod'
import { retire } from '../ending.ts'
import { IdentityView, viewOf } from '../identity-shape.ts'
import { operation } from '../room.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needIdentity, needLocked } from '../subject.ts'
import { reason, reference } from '../texts.ts'

/** Retires an identity for good, and what it spawned with it. */
export const retireIdentity = operation.write({
  name: 'inventory.identity.retire',
  summary: 'end an identity for good, with its credentials, its grants and what it spawned',
  input: z.strictObject({ identity: reference('identity'), reason }),
  output: IdentityView.extend({ along: z.array(z.object({ id: z.string(), name: z.string() })) }),
  faults: ['wrong_state'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, ports }) => {
    const before = await needLocked(tx, input.identity)
    const { after, along, signals } = await retire(before, {
      tx,
      ports,
      reason: input.reason,
      by: caller.actor.id,
      now,
    })
    return {
      output: {
        ...viewOf(after, await findTeam(tx, after.ownerId)),
        along: along.map(({ id, name }) => ({ id, name })),
      },
      on: identitySubject(after),
      change: [
        { field: 'state', before: before.state, after: after.state },
        ...along.map(({ name, state }) => ({ field: `state of ${name}`, before: null, after: state })),
      ],
      evidence: { reason: input.reason },
      signals,
    }
  },
})

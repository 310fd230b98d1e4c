import { z } from 'zod'
import { neededAt } from '../../needed.ts'
import { TIERS } from '../../settings.ts'
import { fault } from '../faults.ts'
import { IdentityView, viewOf } from '../identity-shape.ts'
import { activeAt } from '../registration.ts'
import { operation } from '../room.ts'
import { spend } from '../spend.ts'
import { moved } from '../stopping.ts'
import { updateIdentity } from '../store-identity.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needIdentity, needLocked } from '../subject.ts'
import { approvalField, reference } from '../texts.ts'

/** Activates what was requested or disabled, with the approval that its tier wants. */
export const activateIdentity = operation.write({
  name: 'inventory.identity.activate',
  summary: 'activate a requested or disabled identity, with the approval of this revision that its tier wants',
  input: z.strictObject({
    identity: reference('identity'),
    revision: z.number().int().min(1).describe('what was approved: an approval of one revision is none of the next'),
    approval: approvalField,
  }),
  output: IdentityView,
  faults: ['wrong_state', 'stale_revision', 'identity_expired'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, ports }) => {
    const { approval, ...asked } = input
    const before = await needLocked(tx, asked.identity)
    const after = moved(before, 'activate', { reason: null, by: caller.actor.id, now })
    if (asked.revision !== before.revision)
      throw fault('stale_revision', { about: `it is at revision ${before.revision}` })
    if (before.expires.at <= now) throw fault('identity_expired')
    const given = { tx, now, approval, operation: 'inventory.identity.activate', input: asked }
    const spent =
      TIERS[before.tier].approval === 'automatic'
        ? before.approvedBy
        : await spend(ports, { ...given, requester: caller.actor.id })(
            neededAt(before.tier, [before.ownerId], activeAt(before)),
          )
    const active = { ...after, approvedBy: spent }
    await updateIdentity(tx, before, active)
    const lifted = await ports.stops.lift(tx, 'identity', before.id, now)
    return {
      output: viewOf(active, await findTeam(tx, active.ownerId)),
      on: identitySubject(active),
      change: [{ field: 'state', before: before.state, after: active.state }],
      ...(spent === null ? {} : { approval: spent }),
      signals: [{ topic: 'identity', key: active.id }, ...(lifted?.signals ?? [])],
    }
  },
})

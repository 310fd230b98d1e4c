import { z } from 'zod'
import { bindSighting } from '../bind-sighting.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { SightingView, sightingViewOf } from '../sighting-shape.ts'
import { identitySubject, needIdentity, seenSighting } from '../subject.ts'
import { reference } from '../texts.ts'

/** Says that a sighting is an identity of the register. */
export const linkSighting = operation.write({
  name: 'inventory.sighting.link',
  summary: 'say that what a scan saw is this identity of the register',
  input: z.strictObject({ sighting: reference('sighting'), identity: reference('identity') }),
  output: SightingView,
  faults: ['sighting_managed'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, sees, caller, now, newId, ports }) => {
    const identity = await needIdentity(tx, input.identity)
    const before = await seenSighting(tx, sees, input.sighting)
    const { belongings } = ports
    const given = { tx, now, by: caller.actor.id, newId, because: 'linked' as const, belongings }
    const told = await bindSighting(before, identity, given)
    if (told === undefined) throw fault('sighting_managed', { about: before.id })
    return {
      output: sightingViewOf({ ...before, state: 'managed', identityId: identity.id }),
      on: identitySubject(identity),
      change: [{ field: `identity of ${before.id}`, before: null, after: identity.id }],
      evidence: { sighting: before.id },
      signals: told,
    }
  },
})

import { z } from 'zod'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { SightingView, sightingViewOf } from '../sighting-shape.ts'
import { endAliases } from '../store-alias.ts'
import { dueForJudging } from '../store-due.ts'
import { splitSighting as split } from '../store-sighting.ts'
import { identitySubject, needIdentity, needSighting } from '../subject.ts'
import { reason, reference } from '../texts.ts'

/** Takes a sighting from the identity that it was taken for. */
export const splitSighting = operation.write({
  name: 'inventory.sighting.split',
  summary: 'take a sighting, and its keys, from an identity that it is not; no scan joins them again',
  input: z.strictObject({ sighting: reference('sighting'), reason }),
  output: SightingView,
  faults: ['sighting_unmanaged'],
  on: async ({ tx, input }) => {
    const { id, identityId } = await needSighting(tx, input.sighting)
    if (identityId === null) throw fault('sighting_unmanaged', { about: id })
    return identitySubject(await needIdentity(tx, identityId))
  },
  run: async ({ tx, input, caller, now, newId, ports }) => {
    const { id, identityId, stableKey } = await needSighting(tx, input.sighting)
    if (identityId === null || !(await split(tx, id, identityId))) throw fault('sighting_unmanaged', { about: id })
    const end = { now, by: caller.actor.id, because: `split: ${input.reason}` }
    const ended = await endAliases(tx, { identityId, sightingId: id }, end)
    await dueForJudging(tx, identityId, newId)
    const told = await ports.belongings.follow(tx, { sighting: stableKey, from: identityId, to: null })
    return {
      output: sightingViewOf(await needSighting(tx, id)),
      change: [{ field: `identity of ${id}`, before: identityId, after: null }],
      evidence: { sighting: id, reason: input.reason, keys: ended.length },
      signals: told,
    }
  },
})

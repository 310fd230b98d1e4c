import { z } from 'zod'
import { retire } from '../ending.ts'
import { fault } from '../faults.ts'
import { IdentityView, viewOf } from '../identity-shape.ts'
import { operation } from '../room.ts'
import { addAliases, endAliases } from '../store-alias.ts'
import { dueForJudging } from '../store-due.ts'
import { moveSightings } from '../store-sighting.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needIdentity, needLocked, seenIdentity } from '../subject.ts'
import { reason, reference } from '../texts.ts'

/** Makes one of two identities that turned out to be the same. */
export const mergeIdentity = operation.write({
  name: 'inventory.identity.merge',
  summary: 'make one of two identities that are the same: the other gets its sightings and keys, and it is retired',
  input: z.strictObject({
    identity: reference('identity').describe('the one that is retired, with its credentials and grants'),
    into: reference('into').describe('the one that stays'),
    reason,
  }),
  output: IdentityView.extend({
    merged: z.object({ id: z.string(), name: z.string(), sightings: z.number().int(), keys: z.number().int() }),
  }),
  faults: ['wrong_state', 'merge_refused'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, newId, ports, sees }) => {
    const into = await seenIdentity(tx, sees, input.into)
    const before = await needLocked(tx, input.identity)
    // What was granted in one environment, or by one team, must not become another's by a word about names.
    if (into.id === before.id) throw fault('merge_refused', { about: 'an identity and itself' })
    if (into.environment !== before.environment) throw fault('merge_refused', { about: 'they are of two environments' })
    if (into.ownerId !== before.ownerId) throw fault('merge_refused', { about: 'they are of two teams' })
    if (into.state === 'retired') throw fault('wrong_state', { about: `${into.name} is retired` })
    const by = caller.actor.id
    const end = { now, by, because: `merged into ${into.name}: ${input.reason}` }
    const ended = await endAliases(tx, { identityId: before.id }, end)
    for (const { key, sightingId } of ended)
      await addAliases(tx, [key], {
        ...{ identityId: into.id, sightingId, now, by, newId },
        because: `merged from ${before.name}`,
      })
    const sightings = await moveSightings(tx, before.id, into)
    await dueForJudging(tx, into.id, newId)
    const told = await ports.belongings.follow(tx, { sighting: null, from: before.id, to: into })
    const { after, along, signals } = await retire(before, { tx, ports, reason: end.because, by, now })
    return {
      output: {
        ...viewOf(into, await findTeam(tx, into.ownerId)),
        merged: { id: after.id, name: after.name, sightings, keys: ended.length },
      },
      on: identitySubject(after),
      change: [
        { field: 'state', before: before.state, after: after.state },
        { field: 'sightings and keys', before: before.id, after: into.id },
        ...along.map(({ name, state }) => ({ field: `state of ${name}`, before: null, after: state })),
      ],
      evidence: { into: into.id, reason: input.reason, sightings, keys: ended.length },
      signals: [...signals, ...told, { topic: 'identity', key: into.id }],
    }
  },
})

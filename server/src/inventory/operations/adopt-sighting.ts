import { bindSighting } from '../bind-sighting.ts'
import { differences, recordOf } from '../domain/difference.ts'
import { fault } from '../faults.ts'
import { createdWith, IdentityView, viewOf } from '../identity-shape.ts'
import { register } from '../registration.ts'
import { operation } from '../room.ts'
import { spendIfGiven } from '../spend.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needSighting, seenIdentity, seenSighting, seenTeam } from '../subject.ts'
import { reference } from '../texts.ts'

/** Makes an identity of a sighting, with everything that creation asks for. */
export const adoptSighting = operation.write({
  name: 'inventory.sighting.adopt',
  summary: 'make an identity of what a scan saw; asks for everything that creation asks for',
  input: createdWith({ sighting: reference('sighting') }),
  output: IdentityView,
  faults: ['sighting_managed', 'name_taken', 'wrong_state', 'exceeds_parent', 'children_capped', 'parent_not_caller'],
  on: async ({ tx, input, sees }) => {
    await seenSighting(tx, sees, input.sighting)
    if (input.parent !== undefined) await seenIdentity(tx, sees, input.parent)
    const team = input.owner === undefined ? undefined : await seenTeam(tx, sees, input.owner)
    return {
      type: 'Identity',
      id: null,
      name: input.name,
      environment: input.environment,
      team: team?.id ?? null,
      tags: input.tags,
    }
  },
  run: async ({ tx, input, caller, now, newId, ports }) => {
    const { approval, ...asked } = input
    const { sighting, ...wanted } = asked
    const made = await register(wanted, {
      tx,
      now,
      newId,
      by: caller.actor.id,
      spawner: caller.actor.principalType === 'nhi' ? caller.actor.id : null,
      approve: spendIfGiven(ports, {
        tx,
        now,
        approval,
        operation: 'inventory.sighting.adopt',
        input: asked,
        requester: caller.actor.id,
      }),
    })
    const from = await needSighting(tx, sighting)
    const { belongings } = ports
    const given = { tx, now, by: caller.actor.id, newId, because: 'adopted' as const, belongings }
    const told = await bindSighting(from, made, given)
    if (told === undefined) throw fault('sighting_managed', { about: sighting })
    return {
      output: viewOf(made, await findTeam(tx, made.ownerId)),
      on: identitySubject(made),
      change: differences(undefined, recordOf(made)),
      evidence: { sighting },
      ...(made.approvedBy === null ? {} : { approval: made.approvedBy }),
      signals: [{ topic: 'identity', key: made.id }, ...told],
    }
  },
})

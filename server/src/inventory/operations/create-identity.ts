import { differences, recordOf } from '../domain/difference.ts'
import { createdWith, IdentityView, viewOf } from '../identity-shape.ts'
import { register } from '../registration.ts'
import { operation } from '../room.ts'
import { spendIfGiven } from '../spend.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, seenIdentity, seenTeam } from '../subject.ts'

/** Creates an identity: active at once where its tier allows that, else requested until it is approved. */
export const createIdentity = operation.write({
  name: 'inventory.identity.create',
  summary: 'create an identity; what its tier wants approved waits as requested',
  input: createdWith({}),
  output: IdentityView,
  faults: ['name_taken', 'wrong_state', 'exceeds_parent', 'children_capped', 'parent_not_caller'],
  on: async ({ tx, input, caller, sees }) => {
    // As `run` has it: what an identity creates is its child, also where it names no parent.
    const spawner = caller.actor.principalType === 'nhi' ? caller.actor.id : null
    const above = input.parent ?? spawner
    const parent = above === null ? undefined : await seenIdentity(tx, sees, above)
    const team = input.owner === undefined ? undefined : await seenTeam(tx, sees, input.owner)
    return {
      type: 'Identity',
      id: null,
      name: input.name,
      environment: input.environment,
      team: team?.id ?? parent?.ownerId ?? null,
      tags: input.tags,
    }
  },
  run: async ({ tx, input, caller, now, newId, ports }) => {
    const { approval, ...wanted } = input
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
        operation: 'inventory.identity.create',
        input: wanted,
        requester: caller.actor.id,
      }),
    })
    const owner = await findTeam(tx, made.ownerId)
    return {
      output: viewOf(made, owner),
      on: identitySubject(made),
      change: differences(undefined, recordOf(made)),
      ...(made.approvedBy === null ? {} : { approval: made.approvedBy }),
      signals: [{ topic: 'identity', key: made.id }],
    }
  },
})

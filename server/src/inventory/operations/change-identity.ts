import { z } from 'zod'
import type { Caller } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { changeFields, IdentityView, viewOf } from '../identity-shape.ts'
import { mustBeReleasable } from '../may-release.ts'
import { revise } from '../revision.ts'
import { operation } from '../room.ts'
import { spend } from '../spend.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needIdentity, needLocked, seenTeam } from '../subject.ts'
import { tellMoved } from '../tell-moved.ts'
import { approvalField, reference } from '../texts.ts'

/** Changes what is known of an identity. What raises or lowers its tier, or gives it to another team, needs an approval. */
export const changeIdentity = operation.write({
  name: 'inventory.identity.change',
  summary: 'change an identity; what raises or lowers its tier needs an approval',
  input: z.strictObject({
    identity: reference('identity'),
    revision: z.number().int().min(1).optional().describe('refuse when it is not this revision any more'),
    ...changeFields,
    approval: approvalField,
  }),
  output: IdentityView,
  faults: ['wrong_state', 'stale_revision', 'class_below_rights', 'exceeds_parent', 'release_not_yours'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, ports, sees }) => {
    const { approval, ...asked } = input
    const { identity, revision, ...wanted } = asked
    const to = wanted.owner === undefined ? undefined : await seenTeam(tx, sees, wanted.owner)
    const before = await needLocked(tx, identity)
    if (before.state === 'retired') throw fault('wrong_state', { about: 'retired' })
    if (revision !== undefined && revision !== before.revision)
      throw fault('stale_revision', { about: `it is at revision ${before.revision}` })
    const from = await findTeam(tx, before.ownerId)
    // Out of a quarantined team is out of its quarantine.
    if (to !== undefined && to.id !== from?.id && from?.state === 'quarantined') mustBeReleasable(from.stateBy, caller)
    const revised = await revise(before, wanted, {
      tx,
      now,
      mayOwn: (team) => answersFor(caller, team),
      moved: tellMoved(ports, { tx, by: caller.actor.id, now }),
      approve: spend(ports, {
        tx,
        now,
        approval,
        operation: 'inventory.identity.change',
        input: asked,
        requester: caller.actor.id,
      }),
    })
    return {
      output: viewOf(revised.after, await findTeam(tx, revised.after.ownerId)),
      on: identitySubject(revised.after),
      change: revised.fields,
      ...(revised.approval === undefined ? {} : { approval: revised.approval }),
      signals: revised.signals,
    }
  },
})

const answersFor = ({ roles }: Caller, team: string): boolean =>
  roles.some((held) => (held.role === 'owner' || held.role === 'admin') && (held.team === null || held.team === team))

import type { z } from 'zod'
import { coreFault } from '../kit/fault.ts'
import type { Caller, Ran } from '../kit/operation.ts'
import type { Team } from './domain/identity.ts'
import { fault } from './faults.ts'
import { ownerImpactOf } from './impact.ts'
import { mustBeReleasable } from './may-release.ts'
import type { InventoryPorts, StopPlaced } from './room.ts'
import { nameOf, type OwnerStopInput, type OwnerStopView } from './stop-shape.ts'
import type { Stopping } from './stopping.ts'
import { lockTeam, updateTeam } from './store-team.ts'
import { needTeam, teamSubject } from './subject.ts'

const FROM = { quarantined: 'active', active: 'quarantined' } as const

/**
 * Stops or releases all identities of a team at once: the team's own state and one entry of the feed, so it takes as
 * long for a million identities as for one, and each of them keeps its own state.
 */
export const stopOwner =
  (to: Team['state'], act: (given: Stopping, teamId: string) => Promise<StopPlaced | undefined>) =>
  async (given: {
    readonly tx: Stopping['tx']
    readonly ports: InventoryPorts
    readonly input: z.infer<typeof OwnerStopInput>
    readonly caller: Caller
    readonly now: Date
  }): Promise<Ran<z.infer<typeof OwnerStopView>>> => {
    const { tx, ports, input, caller, now } = given
    const { id } = await needTeam(tx, input.owner)
    const before = await lockTeam(tx, id)
    if (before === undefined) throw coreFault('not_found', { about: `team ${input.owner}` })
    if (before.state !== FROM[to]) throw fault('wrong_state', { about: `${before.name} is ${before.state}` })
    if (to === 'active') mustBeReleasable(before.stateBy, caller)
    const told = { owner: nameOf(before), before: before.state, impact: await ownerImpactOf(tx, id) }
    if (input.dryRun)
      return {
        output: { ...told, after: before.state, isDryRun: true, stoppedAt: null, seq: null, unconfirmed: [] },
        on: teamSubject(before),
        evidence: { reason: input.reason },
      }
    await updateTeam(tx, { ...before, state: to, stateReason: input.reason, stateBy: caller.actor.id })
    const placed = await act({ tx, ports, reason: input.reason, by: caller.actor.id, now }, id)
    return {
      output: {
        ...told,
        after: to,
        isDryRun: false,
        stoppedAt: now.toISOString(),
        seq: placed?.seq ?? null,
        unconfirmed:
          placed === undefined
            ? []
            : [...(await ports.stops.unconfirmed(tx, { seq: placed.seq, identity: null, now }))],
      },
      on: teamSubject(before),
      change: [{ field: 'state', before: before.state, after: to }],
      evidence: { reason: input.reason, seq: placed?.seq ?? null },
      signals: [{ topic: 'team', key: id }, ...(placed?.signals ?? [])],
    }
  }

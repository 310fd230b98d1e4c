import type { z } from 'zod'
import type { Caller, Ran, Subject } from '../kit/operation.ts'
import type { Identity } from './domain/identity.ts'
import { impactOf } from './impact.ts'
import { mustBeReleasable } from './may-release.ts'
import type { InventoryPorts } from './room.ts'
import { type IdentityStopInput, type IdentityStopView, nameOf } from './stop-shape.ts'
import { moved, type Stopped, type Stopping } from './stopping.ts'
import { identitySubject, needIdentity, needLocked } from './subject.ts'

/** What quarantine and release have in common: they differ in the step of the table and in what does it. */
export const stopIdentity =
  (step: 'quarantine' | 'release', act: (before: Identity, given: Stopping) => Promise<Stopped>) =>
  async (given: {
    readonly tx: Stopping['tx']
    readonly ports: InventoryPorts
    readonly input: z.infer<typeof IdentityStopInput>
    readonly caller: Caller
    readonly now: Date
    sees(subject: Subject): boolean
  }): Promise<Ran<z.infer<typeof IdentityStopView>>> => {
    const { tx, ports, input, caller, now } = given
    const stopping = { tx, ports, reason: input.reason, by: caller.actor.id, now }
    const before = input.dryRun ? await needIdentity(tx, input.identity) : await needLocked(tx, input.identity)
    moved(before, step, stopping)
    if (step === 'release') mustBeReleasable(before.stateBy, caller)
    // Read before anything changes: afterwards there is less to see.
    const impact = await impactOf(tx, ports, before, { now, sees: (subject) => given.sees(subject) })
    const told = { identity: nameOf(before), before: before.state, impact }
    if (input.dryRun)
      return {
        output: {
          ...told,
          after: before.state,
          isDryRun: true,
          stoppedAt: null,
          seq: null,
          unconfirmed: [],
          along: [],
        },
        on: identitySubject(before),
        evidence: { reason: input.reason },
      }
    const { after, along, seq, signals } = await act(before, stopping)
    return {
      output: {
        ...told,
        after: after.state,
        isDryRun: false,
        stoppedAt: now.toISOString(),
        seq,
        unconfirmed: seq === null ? [] : [...(await ports.stops.unconfirmed(tx, { seq, identity: before.id, now }))],
        along: along.map(nameOf),
      },
      on: identitySubject(after),
      change: [
        { field: 'state', before: before.state, after: after.state },
        ...along.map((each) => ({
          field: `state of ${each.name}`,
          before: each.stateBefore ?? 'quarantined',
          after: each.state,
        })),
      ],
      evidence: { reason: input.reason, seq },
      signals,
    }
  }

import { z } from 'zod'
import { fault } from '../faults.ts'
import { pauseStreamsSetBy } from '../pause-streams.ts'
import { operation } from '../room.ts'
import { findInstance, setInstanceState } from '../store-instance.ts'
import { placeStop } from '../store-stop.ts'
import { UnconfirmedList, unconfirmedBy } from '../unconfirmed.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { ReasonText } from './credential-view.ts'
import { InstanceName } from './instance-view.ts'

/** Stops one running copy of an identity; the others go on. */
export const quarantineInstance = operation.write({
  name: 'broker.instance.quarantine',
  summary: 'stop one running copy of an identity, until it is released',
  input: z.strictObject({ identity: z.string().min(1).max(200), instance: InstanceName, reason: ReasonText }),
  output: z.object({ seq: z.number().int(), unconfirmed: UnconfirmedList }),
  faults: ['identity_not_found', 'instance_wrong_state'],
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const { instance, reason } = input
    const { id: identity } = await needIdentity(ports, tx, input.identity)
    const before = await findInstance(tx, identity, instance)
    if (before?.state === 'quarantined') throw fault('instance_wrong_state', { about: 'it is quarantined' })
    await setInstanceState(tx, { identity, instance }, { state: 'quarantined', reason, now })
    const paused = await pauseStreamsSetBy(tx, ports, { instance: `${identity}/${instance}` }, { now, newId })
    const placed = await placeStop(tx, {
      id: newId('stp'),
      scope: 'instance',
      subject: `${identity}/${instance}`,
      verb: 'quarantine',
      reason,
      by: caller.actor.id,
      now,
      until: null,
    })
    return {
      output: { seq: placed.seq, unconfirmed: await unconfirmedBy(tx, ports, { seq: placed.seq, identity, now }) },
      change: [
        { field: `instance ${instance}`, before: before?.state ?? null, after: 'quarantined' },
        { field: 'reason', before: null, after: reason },
      ],
      signals: [...placed.signals, ...paused],
    }
  },
})

import { z } from 'zod'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { findInstance, setInstanceState } from '../store-instance.ts'
import { liftStop } from '../store-stop.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { ReasonText } from './credential-view.ts'
import { InstanceName } from './instance-view.ts'
import { needReleasable } from './need-releasable.ts'

/** Releases a quarantined instance; who placed the quarantine does, or security. */
export const releaseInstance = operation.write({
  name: 'broker.instance.release',
  summary: 'release a quarantined running copy of an identity',
  input: z.strictObject({ identity: z.string().min(1).max(200), instance: InstanceName, reason: ReasonText }),
  output: z.object({ seq: z.number().int().nullable() }),
  faults: ['identity_not_found', 'instance_not_found', 'instance_wrong_state', 'release_not_yours'],
  on: async ({ input, ports, tx }) => aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, caller, now, ports, tx }) => {
    const { instance, reason } = input
    const { id: identity } = await needIdentity(ports, tx, input.identity)
    const before = await findInstance(tx, identity, instance)
    if (before === undefined) throw fault('instance_not_found')
    if (before.state !== 'quarantined') throw fault('instance_wrong_state', { about: 'it is not quarantined' })
    await needReleasable(tx, ports, { scope: 'instance', id: `${identity}/${instance}` }, caller)
    await setInstanceState(tx, { identity, instance }, { state: 'active', reason, now })
    const placed = await liftStop(tx, 'instance', `${identity}/${instance}`, now)
    return {
      output: { seq: placed?.seq ?? null },
      change: [
        { field: `instance ${instance}`, before: 'quarantined', after: 'active' },
        { field: 'reason', before: before.stateReason, after: reason },
      ],
      signals: placed?.signals ?? [],
    }
  },
})

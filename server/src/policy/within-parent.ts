import type { AnyTx } from '../kit/database.ts'
import { excessOver, type Held } from './domain/containment.ts'
import { policyFault } from './faults.ts'
import { heldBy } from './rights.ts'
import type { PolicyIdentity, PolicyPorts } from './room.ts'
import { resourcesByIds } from './store-resource.ts'

/**
 * Refuses what a child would be given beyond what its parent holds now: actions, resources and conditions. What a
 * parent loses later no longer decides for its children either, which every decision judges by itself.
 */
export const assertWithinParent = async (
  tx: AnyTx,
  ports: Pick<PolicyPorts, 'identities'>,
  child: PolicyIdentity,
  gains: Held,
  now: Date,
): Promise<void> => {
  if (child.parent === null) return
  const held = await heldBy(tx, child.parent, now)
  const ids = gains.lines.map((line) => line.resource)
  const resources = new Map((await resourcesByIds(tx, [...new Set(ids)])).map((resource) => [resource.id, resource]))
  const excess = excessOver(gains, held, (id) => resources.get(id))
  if (excess === undefined) return
  const parent = await ports.identities.find(tx, child.parent)
  const { action, resource } = excess
  throw policyFault('grant_exceeds_parent', {
    about: `${child.name} would get ${action} on ${resource} as its parent ${parent?.name ?? child.parent} does not have it`,
  })
}

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { needBundle } from '../need.ts'
import { putBundle } from '../put-bundle.ts'
import { operation } from '../room.ts'
import { ApprovalId, BundleView, bundleFields, Reference } from '../shapes.ts'
import { resourcesByIds } from '../store-resource.ts'
import { bundleView } from '../views.ts'

/** Changes a bundle; its holders gain and lose at once, so what they gain is judged like a grant. */
export const changeBundle = operation.write({
  name: 'policy.bundle.change',
  summary: 'change a bundle; what its holders gain needs what a grant of it would need',
  input: z.strictObject({
    bundle: Reference,
    name: bundleFields.name.optional(),
    purpose: bundleFields.purpose.optional(),
    matrix: bundleFields.matrix.optional(),
    approval: ApprovalId,
  }),
  output: BundleView,
  faults: ['bundle_not_found', 'bundle_exists', 'resource_not_found', 'grant_terms', 'environment_isolated'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, now, caller, newId }) => {
    const before = await needBundle(tx, input.bundle)
    const declared = {
      name: input.name ?? before.name,
      purpose: input.purpose ?? before.purpose,
      matrix: input.matrix ?? before.matrix.map(({ resource, actions }) => ({ resource, actions: [...actions] })),
    }
    const approve = async (_reason: string, team: string | null): Promise<string> => {
      const spend = { approval: input.approval, operation: 'policy.bundle.change', input, team, now }
      return (await ports.approvals.spend(tx, { ...spend, requester: caller.actor.id })).id
    }
    const done = await putBundle(tx, ports, before, declared, { now, by: caller.actor.id, newId, approve })
    const ids = done.bundle.matrix.map(({ resource }) => resource)
    const names = new Map((await resourcesByIds(tx, ids)).map((resource) => [resource.id, resource]))
    return {
      output: bundleView(done.bundle, { resource: (id) => names.get(id) }),
      change: done.change,
      signals: done.signals,
      ...(done.approval === undefined ? {} : { approval: done.approval }),
    }
  },
})

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { createApproving } from '../approving.ts'
import { needBundle } from '../need.ts'
import { putBundle } from '../put-bundle.ts'
import { RegradedView, regradeChanges, regradedViews } from '../regrades.ts'
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
    dryRun: z.boolean().default(false).describe('only say what would change, and for whom'),
    approval: ApprovalId,
  }),
  output: BundleView.extend({
    dryRun: z.boolean(),
    needsApproval: z.array(z.string()),
    regraded: z.array(RegradedView).describe('whose tier changes by it'),
  }),
  faults: [
    'bundle_not_found',
    'bundle_exists',
    'resource_not_found',
    'grant_terms',
    'environment_isolated',
    'grant_exceeds_parent',
  ],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, now, caller, newId }) => {
    const before = await needBundle(tx, input.bundle)
    const declared = {
      name: input.name ?? before.name,
      purpose: input.purpose ?? before.purpose,
      matrix: input.matrix ?? before.matrix.map(({ resource, actions }) => ({ resource, actions: [...actions] })),
    }
    const { approval, dryRun } = input
    const by = caller.actor.id
    const call = { approval, operation: 'policy.bundle.change', input, requester: by, now, isDryRun: dryRun }
    const approving = createApproving(tx, ports, call)
    const done = await putBundle(tx, ports, before, declared, { now, by, newId, approval, need: approving.need })
    const spent = await approving.settle()
    const ids = done.bundle.matrix.map(({ resource }) => resource)
    const names = new Map((await resourcesByIds(tx, ids)).map((resource) => [resource.id, resource]))
    return {
      output: {
        ...bundleView(done.bundle, { resource: (id) => names.get(id) }),
        dryRun,
        needsApproval: [...approving.why()],
        regraded: regradedViews(done.regraded),
      },
      change: [...done.change, ...regradeChanges(done.regraded)],
      signals: done.signals,
      ...(spent === undefined ? {} : { approval: spent }),
    }
  },
})

import { DEPLOYMENT } from '../../kit/operation.ts'
import type { Needed } from '../../settings.ts'
import { putBundle } from '../put-bundle.ts'
import { operation } from '../room.ts'
import { BundleInput, BundleView } from '../shapes.ts'
import { findResource } from '../store-resource.ts'
import { bundleView } from '../views.ts'

/** Makes a bundle: the permissions of one class of automation. */
export const createBundle = operation.write({
  name: 'policy.bundle.create',
  summary: 'make a bundle: a named set of actions on resources',
  input: BundleInput,
  output: BundleView,
  faults: ['bundle_exists', 'resource_not_found', 'grant_terms'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, now, caller, newId }) => {
    const given = { now, by: caller.actor.id, newId, approval: undefined, need: neverNeeded }
    const { bundle, change, signals } = await putBundle(tx, ports, undefined, input, given)
    const names = new Map<string, { name: string }>()
    for (const { resource } of bundle.matrix) {
      const found = await findResource(tx, resource)
      if (found !== undefined) names.set(resource, found)
    }
    return { output: bundleView(bundle, { resource: (id) => names.get(id) }), change, signals }
  },
})

// A new bundle has no holders, and whoever is granted it later needs what its actions need.
const neverNeeded = ({ why }: Needed): void => {
  throw new Error(`a new bundle asked for an approval: ${why.join('; ')}`)
}

import type { AnyTx } from '../../kit/database.ts'
import { policyFault } from '../faults.ts'
import { type Side, sideOf } from '../plan/grounds.ts'
import type { PolicyPorts } from '../room.ts'
import { allApplications } from '../store-application.ts'
import { allBundles } from '../store-bundle.ts'
import { allLiveGrants } from '../store-grant.ts'
import { allModes } from '../store-mode.ts'
import { allResources } from '../store-resource.ts'
import { allTexts } from '../store-set.ts'

/**
 * What would decide if the transaction were committed now.
 * INVARIANT: everything is read in the transaction that applied the directory, nothing from memory: what is judged is
 * what would be in force, also where this replica has not heard of another's change yet.
 */
export const appliedSide = async (tx: AnyTx, ports: PolicyPorts): Promise<Side> => {
  const built = ports.memory.preview({
    texts: await allTexts(tx),
    resources: await allResources(tx),
    bundles: await allBundles(tx),
    modes: await allModes(tx),
    applications: await allApplications(tx),
  })
  if (built.ok) return sideOf(built.base, await allLiveGrants(tx))
  throw policyFault('policy_invalid', { about: built.problems[0]?.message ?? 'the set is not valid' })
}

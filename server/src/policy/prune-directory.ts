import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import { keyOf } from './declared-objects.ts'
import { type AppliedView, appliedView } from './directory.ts'
import { endedOf } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import type { PutGiven } from './put-bundle.ts'
import { assertSetStands } from './put-texts.ts'
import type { PolicyPorts } from './room.ts'
import { allBundles, deleteBundle } from './store-bundle.ts'
import type { Declared } from './store-declared.ts'
import { holdersOfBundle, holdersOfResource } from './store-grant.ts'
import { allResources, deleteResource } from './store-resource.ts'

/** What ending what is no longer declared needs to know. */
export interface PruneGiven {
  readonly tx: AnyTx
  readonly ports: PolicyPorts
  readonly directory: string
  /** What this directory declared when it was last applied. */
  readonly before: readonly Declared[]
  /** Keys of what it declares now. */
  readonly now: ReadonlySet<string>
  readonly put: PutGiven
}

/**
 * Ends what the directory made and no longer declares; grants and policies are ended where they are applied.
 * INVARIANT: what it found there, and what others made, is left as it is and only no longer the directory's.
 */
export const pruneDirectory = async (
  given: PruneGiven,
): Promise<{ readonly objects: readonly AppliedView[]; readonly signals: readonly Signal[] }> => {
  const objects: AppliedView[] = []
  const signals: Signal[] = []
  const gone = given.before.filter((one) => !given.now.has(keyOf(one)))
  for (const type of ['bundle', 'resource', 'identity', 'team'] as const)
    for (const one of gone.filter((each) => each.type === type)) {
      const ended = type === 'team' || !one.isCreated ? undefined : await ENDERS[type](given, one)
      if (ended !== undefined) signals.push(...ended)
      const verb = ended === undefined ? 'left' : 'removed'
      objects.push(appliedView({ type, id: one.object, name: one.name, verb }))
    }
  // A policy of somebody else may speak of an action that only this resource had.
  if (objects.some(({ type, verb }) => type === 'resource' && verb === 'removed'))
    await assertSetStands(given.tx, given.ports)
  return { objects, signals }
}

type Ender = (given: PruneGiven, one: Declared) => Promise<readonly Signal[] | undefined>

const ENDERS: Readonly<Record<'bundle' | 'resource' | 'identity', Ender>> = {
  bundle: async ({ tx }, { name, object }) => {
    const id = object ?? ''
    if (!(await allBundles(tx)).some((bundle) => bundle.id === id)) return undefined
    const holders = await holdersOfBundle(tx, id)
    if (holders.length > 0)
      throw policyFault('apply_in_use', { about: `bundle ${name} is granted to ${holders.length} identities` })
    await deleteBundle(tx, id)
    return [{ topic: 'policy', key: '*' }]
  },
  resource: async ({ tx, put }, { name, object }) => {
    const id = object ?? ''
    const found = (await allResources(tx)).find((resource) => resource.id === id)
    if (found === undefined) return undefined
    const bundle = (await allBundles(tx)).find(({ matrix }) => matrix.some((line) => line.resource === id))
    if (bundle !== undefined)
      throw policyFault('apply_in_use', { about: `resource ${name} stands in the bundle ${bundle.name}` })
    const holders = await holdersOfResource(tx, id, [])
    if (holders.length > 0)
      throw policyFault('apply_in_use', { about: `resource ${name} is granted to ${holders.length} identities` })
    const ended = endedOf(found)
    if (ended !== undefined) put.need({ need: 'one', teams: [found.owner], why: [ended] })
    await deleteResource(tx, id)
    return [{ topic: 'resource', key: id }]
  },
  identity: async ({ tx, ports, directory, put }, { name, object }) => {
    const reason = `the directory ${directory} no longer declares it`
    const signals = await ports.appliers.retire(tx, object ?? '', { ...put, reason })
    if (signals === undefined) return undefined
    put.need({ need: 'one', teams: [null], why: [`${name} would be retired for good`] })
    return signals
  },
}

import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Approving } from './approving.ts'
import type { Bundle, MatrixLine } from './domain/bundle.ts'
import { gainedLines } from './domain/reach.ts'
import type { Resource } from './domain/resource.ts'
import { assertSameEnvironment } from './environment-check.ts'
import { policyFault } from './faults.ts'
import { gainNeeds } from './gain-needs.ts'
import { regradeSignals } from './regrades.ts'
import { resolveLine } from './resolve-line.ts'
import type { PolicyIdentity, PolicyPorts, Regraded } from './room.ts'
import type { BundleInput } from './shapes.ts'
import { findBundle, insertBundle, updateBundle } from './store-bundle.ts'
import { holdersOfBundle, liveGrantsOf, updateGrant } from './store-grant.ts'
import { holdResources } from './store-resource.ts'
import { changesBetween } from './views.ts'
import { assertWithinParent } from './within-parent.ts'

/** Who makes a change, when, with which approval, and whom it tells what needs one. */
export interface PutGiven extends Pick<Approving, 'approval' | 'need'> {
  readonly now: Date
  readonly by: string | null
  newId(prefix: string): string
}

/** What happened to a bundle. */
export interface PutBundle {
  readonly bundle: Bundle
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
  /** What became of its holders. */
  readonly regraded: readonly Regraded[]
}

/** Makes a bundle, or makes the one that is there as declared; what its holders gain is judged as a grant would be. */
export const putBundle = async (
  tx: AnyTx,
  ports: PolicyPorts,
  before: Bundle | undefined,
  input: BundleInput,
  given: PutGiven,
): Promise<PutBundle> => {
  const matrix: MatrixLine[] = []
  for (const line of input.matrix) matrix.push(await resolveLine(tx, line))
  const bundle: Bundle = { id: before?.id ?? given.newId('bnd'), name: input.name, purpose: input.purpose, matrix }
  const taken = await findBundle(tx, bundle.name)
  if (taken !== undefined && taken.id !== bundle.id) throw policyFault('bundle_exists', { about: bundle.name })
  const change = changesBetween(before && { ...before }, { ...bundle })
  if (change.length === 0) return { bundle, change, signals: [], regraded: [] }
  if (before === undefined) await insertBundle(tx, bundle, given.now)
  else await updateBundle(tx, bundle, given.now)
  const lines = gainedLines(before?.matrix ?? [], matrix)
  const found = await holdResources(
    tx,
    lines.map((line) => line.resource),
  )
  const resources = new Map(found.map((resource) => [resource.id, resource]))
  const regraded: Regraded[] = []
  for (const holder of before === undefined ? [] : await holdersOfBundle(tx, bundle.id))
    regraded.push(await regradeHolder(tx, ports, holder, { bundle: bundle.id, lines, resources, given }))
  return { bundle, change, signals: [{ topic: 'policy', key: '*' }, ...regradeSignals(regraded)], regraded }
}

interface Gained {
  readonly bundle: string
  readonly lines: readonly MatrixLine[]
  readonly resources: ReadonlyMap<string, Resource>
  readonly given: PutGiven
}

const regradeHolder = async (tx: AnyTx, ports: PolicyPorts, holder: string, gained: Gained): Promise<Regraded> => {
  const { lines, resources, given } = gained
  const identity = await ports.identities.find(tx, holder)
  if (identity === undefined || lines.length === 0) return ports.identities.regradeFound(tx, holder, given.now)
  await assertSameEnvironment(tx, ports, identity, [...resources.values()], given.now)
  await assertChildWithinParent(tx, ports, identity, gained)
  const regraded = await ports.identities.regradeGiven(tx, holder, given.now)
  const needed = gainNeeds({ identity, regraded, lines, resource: (id) => resources.get(id) })
  if (needed !== undefined) given.need(needed)
  await approveAnew(tx, identity, gained)
  return regraded
}

/**
 * INVARIANT: the approval of a grant is of all that it gives, since policies read it as `context.approval`; what was
 * approved is given more by another approval alone.
 */
const approveAnew = async (tx: AnyTx, { id, name }: PolicyIdentity, { bundle, given }: Gained): Promise<void> => {
  for (const grant of await liveGrantsOf(tx, id)) {
    if (!('bundle' in grant.gives) || grant.gives.bundle !== bundle || grant.approval === null) continue
    given.need({ need: 'one', teams: [null], why: [`what ${name} was granted with an approval would give more`] })
    await updateGrant(tx, { ...grant, approval: given.approval ?? null })
  }
}

const assertChildWithinParent = async (
  tx: AnyTx,
  ports: PolicyPorts,
  identity: PolicyIdentity,
  { bundle, lines, given }: Gained,
): Promise<void> => {
  if (identity.parent === null) return
  for (const { gives, conditions } of await liveGrantsOf(tx, identity.id))
    if ('bundle' in gives && gives.bundle === bundle)
      await assertWithinParent(tx, ports, identity, { lines, conditions }, given.now)
}

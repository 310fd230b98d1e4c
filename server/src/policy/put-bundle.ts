import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Bundle, MatrixLine } from './domain/bundle.ts'
import { approvalReason } from './domain/reach.ts'
import type { Resource } from './domain/resource.ts'
import { assertSameEnvironment } from './environment-check.ts'
import { policyFault } from './faults.ts'
import { resolveLine } from './resolve-line.ts'
import type { Need, PolicyPorts } from './room.ts'
import type { BundleInput } from './shapes.ts'
import { findBundle, insertBundle, updateBundle } from './store-bundle.ts'
import { holdersOfBundle } from './store-grant.ts'
import { resourcesByIds } from './store-resource.ts'
import { changesBetween } from './views.ts'

/** Who makes a change, when, and how he shows that it was approved; `approve` throws where it was not. */
export interface PutGiven {
  readonly now: Date
  readonly by: string | null
  newId(prefix: string): string
  approve(reason: string, team: string | null, need?: Need): Promise<string>
}

/** What happened to a bundle. */
export interface PutBundle {
  readonly bundle: Bundle
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
  readonly approval: string | undefined
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
  if (change.length === 0) return { bundle, change, signals: [], approval: undefined }
  const holders = before === undefined ? [] : await holdersOfBundle(tx, bundle.id)
  const approval = holders.length === 0 ? undefined : await judgeForHolders(tx, ports, holders, bundle, given)
  if (before === undefined) await insertBundle(tx, bundle, given.now)
  else await updateBundle(tx, bundle, given.now)
  const signals: Signal[] = [{ topic: 'policy', key: '*' }]
  for (const identity of holders)
    signals.push(...(await ports.identities.regrade(tx, identity, given.now)), { topic: 'grant', key: identity })
  return { bundle, change, signals, approval }
}

const judgeForHolders = async (
  tx: AnyTx,
  ports: PolicyPorts,
  holders: readonly string[],
  bundle: Bundle,
  given: PutGiven,
): Promise<string | undefined> => {
  const found = await resourcesByIds(
    tx,
    bundle.matrix.map((line) => line.resource),
  )
  const resources = new Map<string, Resource>(found.map((resource) => [resource.id, resource]))
  for (const holder of holders) {
    const identity = await ports.identities.find(tx, holder)
    if (identity !== undefined) await assertSameEnvironment(tx, ports, identity, found, given.now)
  }
  const reason = approvalReason(bundle.matrix, (id) => resources.get(id))
  return reason === undefined ? undefined : given.approve(reason, null)
}

import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import { loosenedBy, type Resource, uriProblem } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import type { PolicyPorts } from './room.ts'
import type { ResourceInput } from './shapes.ts'
import { allBundles } from './store-bundle.ts'
import { holdersOfResource } from './store-grant.ts'
import { insertResource, isResourceTaken, updateResource } from './store-resource.ts'
import { changesBetween, resourceView } from './views.ts'

/** What happened to a resource. */
export interface PutResource {
  readonly resource: Resource
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
  readonly approval: string | undefined
}

/** Registers a resource, or makes the one that is there as declared; regrades those whose rights that changes. */
export const putResource = async (
  tx: AnyTx,
  ports: PolicyPorts,
  before: Resource | undefined,
  input: ResourceInput,
  given: { readonly now: Date; readonly id: string; approve(reason: string, team: string | null): Promise<string> },
): Promise<PutResource> => {
  const resource = await resourceOf(tx, ports, before?.id ?? given.id, input)
  if (await isResourceTaken(tx, resource)) throw policyFault('resource_exists', { about: resource.name })
  const change = changesBetween(before && resourceView(before), resourceView(resource))
  if (change.length === 0) return { resource, change, signals: [], approval: undefined }
  const looser = before === undefined ? undefined : loosenedBy(before, resource)
  const approval = looser === undefined ? undefined : await given.approve(looser, before?.owner ?? null)
  if (before === undefined) await insertResource(tx, resource, given.now)
  else await updateResource(tx, resource, given.now)
  const signals: Signal[] = [{ topic: 'resource', key: resource.id }]
  if (before !== undefined && touchesRights(before, resource))
    for (const identity of await holders(tx, resource.id)) {
      signals.push(...(await ports.identities.regrade(tx, identity, given.now)), { topic: 'grant', key: identity })
    }
  return { resource, change, signals, approval }
}

const resourceOf = async (tx: AnyTx, ports: PolicyPorts, id: string, input: ResourceInput): Promise<Resource> => {
  const problem = uriProblem(input.uri)
  if (problem !== undefined) throw policyFault('resource_uri', { about: problem })
  const names = input.actions.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw policyFault('resource_action', { about: `${twice} stands twice` })
  const servedBy: string[] = []
  for (const named of input.servedBy) {
    const identity = await ports.identities.find(tx, named)
    if (identity === undefined) throw policyFault('grant_identity', { about: named })
    servedBy.push(identity.id)
  }
  const team = input.owner === undefined ? undefined : await ports.identities.findTeam(tx, input.owner)
  if (input.owner !== undefined && team === undefined) throw policyFault('owner_not_found', { about: input.owner })
  const { name, uri, sensitivity, isCustomerFacing, actions, tokenAlgorithm } = input
  const environment = ports.environments.normal(input.environment)
  return {
    id,
    name,
    uri,
    environment,
    sensitivity,
    isCustomerFacing,
    actions,
    algorithm: tokenAlgorithm,
    servedBy,
    owner: team?.id ?? null,
  }
}

const touchesRights = (before: Resource, after: Resource): boolean =>
  changesBetween(rightsPart(before), rightsPart(after)).length > 0

const rightsPart = ({ environment, sensitivity, isCustomerFacing, actions }: Resource) => ({
  environment,
  sensitivity,
  isCustomerFacing,
  actions,
})

const holders = async (tx: AnyTx, resourceId: string): Promise<readonly string[]> => {
  const bundles = (await allBundles(tx)).filter(({ matrix }) => matrix.some((line) => line.resource === resourceId))
  return holdersOfResource(
    tx,
    resourceId,
    bundles.map(({ id }) => id),
  )
}

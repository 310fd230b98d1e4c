import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import { isHigher, neededAt } from '../needed.ts'
import type { Needed } from '../settings.ts'
import { takenField } from './domain/detail-type.ts'
import { WILDCARD } from './domain/reach.ts'
import { loosenedBy, type Resource, sharedOtherwise, uriProblem } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import { gainNeeds } from './gain-needs.ts'
import { newlyPermitted, noLongerForbidden, type Permits } from './permits-on.ts'
import type { PutGiven } from './put-bundle.ts'
import { regradeSignals } from './regrades.ts'
import { heldBy } from './rights.ts'
import type { PolicyPorts, Regraded } from './room.ts'
import type { ResourceInput } from './shapes.ts'
import { allBundles } from './store-bundle.ts'
import { holdersOfResource } from './store-grant.ts'
import { giveModes } from './store-mode.ts'
import { allResources, insertResource, isResourceTaken, updateResource } from './store-resource.ts'
import { textNeeds } from './text-reach.ts'
import { changesBetween, resourceView } from './views.ts'

/** What happened to a resource. */
export interface PutResource {
  readonly resource: Resource
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
  /** What became of those who hold grants on it. */
  readonly regraded: readonly Regraded[]
}

/** Registers a resource, or makes the one that is there as declared; regrades those whose rights that changes. */
export const putResource = async (
  tx: AnyTx,
  ports: PolicyPorts,
  before: Resource | undefined,
  input: ResourceInput,
  given: Pick<PutGiven, 'now' | 'need'> & { readonly id: string; readonly permits: Permits },
): Promise<PutResource> => {
  const resource = await resourceOf(tx, ports, before?.id ?? given.id, input)
  if (await isResourceTaken(tx, resource)) throw policyFault('resource_exists', { about: resource.name })
  const change = changesBetween(before && resourceView(before), resourceView(resource))
  if (change.length === 0) return { resource, change, signals: [], regraded: [] }
  const team = async (id: string | null) => (id === null ? undefined : await ports.identities.findTeam(tx, id))
  const was = before && { resource: before, team: await team(before.owner) }
  const then = { resource, team: await team(resource.owner) }
  const permitted = await newlyPermitted(given.permits, was, then)
  if (permitted !== undefined) given.need(textNeeds(permitted))
  const escaped = was && (await noLongerForbidden(given.permits, was, then))
  if (escaped !== undefined) given.need(textNeeds(escaped))
  const signals: Signal[] = [{ topic: 'resource', key: resource.id }]
  if (before === undefined) {
    await insertResource(tx, resource, given.now)
    return { resource, change, signals, regraded: [] }
  }
  await updateResource(tx, resource, given.now)
  if (before.owner !== resource.owner) await giveModes(tx, 'resource', resource.id, resource.owner)
  // The change may name another owner: it is the owner until now whose word counts, or security's.
  const looser = loosenedBy(before, resource)
  if (looser !== undefined) given.need({ need: 'one', teams: [before.owner], why: [looser] })
  const owned = ownerNeeds(before, resource)
  if (owned !== undefined) given.need(owned)
  const regraded = touchesRights(before, resource) ? await regradeHolders(tx, ports, before, resource, given) : []
  return { resource, change, signals: [...signals, ...regradeSignals(regraded)], regraded }
}

/**
 * Holds what is registered, once it is, to one meaning of each action. INVARIANT: two that come at once were each judged
 * without the other before; the second sees the first here, because the permits hold one of them back until the other is done.
 */
export const assertActionsAgree = async (tx: AnyTx): Promise<void> => {
  const shared = sharedOtherwise(await allResources(tx))
  if (shared !== undefined) throw policyFault('resource_action', { about: shared })
}

// What somebody owns is not given away or taken over without a word from both sides.
const ownerNeeds = (before: Resource, after: Resource): Needed | undefined =>
  before.owner === null || before.owner === after.owner
    ? undefined
    : {
        need: 'one',
        teams: after.owner === null ? [before.owner] : [before.owner, after.owner],
        why: [`${before.name} is given to another team`],
      }

/**
 * Grades again whoever holds a grant on a resource. To guard it better is refused for nobody's sake: whose tier rises
 * by that has got nothing, and it takes the approval of that tier by whom the resource belongs to. Who gets actions
 * that the resource did not have is judged as by a grant of them.
 */
const regradeHolders = async (
  tx: AnyTx,
  ports: PolicyPorts,
  before: Resource,
  resource: Resource,
  given: Pick<PutGiven, 'now' | 'need'>,
): Promise<readonly Regraded[]> => {
  const known = new Set(before.actions.map(({ name }) => name))
  const added = resource.actions.map(({ name }) => name).filter((name) => !known.has(name))
  const owner = [before.owner]
  const regraded: Regraded[] = []
  for (const holder of await holders(tx, resource.id)) {
    const identity = await ports.identities.find(tx, holder)
    const gained = added.length === 0 ? undefined : await gainedBy(tx, holder, resource.id, added, given.now)
    if (identity === undefined || gained === undefined) {
      const one = await ports.identities.regradeFound(tx, holder, given.now)
      if (isHigher(one.after, one.before))
        given.need(neededAt(one.after, owner, `${one.on.name} becomes of ${one.after} tier`))
      regraded.push(one)
      continue
    }
    const one = await ports.identities.regradeGiven(tx, holder, given.now)
    const lines = [{ resource: resource.id, actions: gained.actions }]
    const needed = gainNeeds({ identity, regraded: one, lines, resource: (id) => by(resource, id) })
    if (needed !== undefined) given.need(needed)
    // An action that went and comes again may do more, or be called less, than when it was granted.
    if (gained.isByName)
      given.need({ need: 'one', teams: owner, why: [`${gained.actions[0]} on ${resource.name} is granted again`] })
    regraded.push(one)
  }
  return regraded
}

const by = (resource: Resource, id: string): Resource | undefined => (id === resource.id ? resource : undefined)

/** What of the new actions an identity gets by the grants that it has: by their names, or because it has every action. */
const gainedBy = async (
  tx: AnyTx,
  identityId: string,
  resourceId: string,
  added: readonly string[],
  now: Date,
): Promise<{ readonly actions: readonly string[]; readonly isByName: boolean } | undefined> => {
  const held = await heldBy(tx, identityId, now)
  const lines = held.flatMap((one) => one.lines).filter((line) => line.resource === resourceId)
  const named = new Set(lines.flatMap((line) => line.actions))
  if (named.has(WILDCARD)) return { actions: added, isByName: false }
  const actions = added.filter((action) => named.has(action))
  return actions.length === 0 ? undefined : { actions, isByName: true }
}

const resourceOf = async (tx: AnyTx, ports: PolicyPorts, id: string, input: ResourceInput): Promise<Resource> => {
  const problem = uriProblem(input.uri)
  if (problem !== undefined) throw policyFault('resource_uri', { about: problem })
  const names = input.actions.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw policyFault('resource_action', { about: `${twice} stands twice` })
  const types = input.detailTypes.map(({ type }) => type)
  const typeTwice = types.find((type, at) => types.indexOf(type) !== at)
  if (typeTwice !== undefined) throw policyFault('resource_detail_type', { about: `${typeTwice} stands twice` })
  const taken = takenField(input.detailTypes)
  if (taken !== undefined) throw policyFault('resource_detail_type', { about: `every detail has ${taken}` })
  const servedBy: string[] = []
  for (const named of input.servedBy) {
    const identity = await ports.identities.find(tx, named)
    if (identity === undefined) throw policyFault('grant_identity', { about: named })
    servedBy.push(identity.id)
  }
  const team = input.owner === undefined ? undefined : await ports.identities.findTeam(tx, input.owner)
  if (input.owner !== undefined && team === undefined) throw policyFault('owner_not_found', { about: input.owner })
  const { name, uri, sensitivity, isCustomerFacing, actions, tokenAlgorithm, statusList } = input
  const { isAuthorizationServer, detailTypes, tagClaims, awsSessionTags } = input
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
    statusList,
    isAuthorizationServer,
    detailTypes,
    tagClaims,
    awsSessionTags,
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

import type { AnyTx } from '../kit/database.ts'
import { readMoment } from '../kit/moment.ts'
import type { Signal } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Bundle } from './domain/bundle.ts'
import { type Conditions, EXPIRED, type Grant, isProperExpiry } from './domain/grant.ts'
import { linesOf } from './domain/reach.ts'
import type { Resource } from './domain/resource.ts'
import { assertSameEnvironment } from './environment-check.ts'
import { policyFault } from './faults.ts'
import { gainNeeds } from './gain-needs.ts'
import { grantSources } from './memory/grant-sources.ts'
import type { PutGiven } from './put-bundle.ts'
import { regradeSignals } from './regrades.ts'
import { resolveLine } from './resolve-line.ts'
import type { PolicyIdentity, PolicyPorts, Regraded } from './room.ts'
import type { GrantInput } from './shapes.ts'
import { holdBundle } from './store-bundle.ts'
import { endGrant, giveGrants, insertGrant, liveGrantsOf, updateGrant } from './store-grant.ts'
import { holdResources, resourcesByIds } from './store-resource.ts'
import { changesBetween } from './views.ts'
import { assertWithinParent } from './within-parent.ts'

/** What happened to a grant. */
export interface PutGrant {
  readonly grant: Grant
  readonly identity: PolicyIdentity
  readonly verb: 'created' | 'changed' | 'unchanged'
  readonly change: readonly FieldChange[]
  readonly signals: readonly Signal[]
  /** What became of the identity; undefined when the grant is unchanged. */
  readonly regraded: Regraded | undefined
  readonly exceptions: readonly string[]
}

/** How a grant is put: whether one of the same name is made as declared, and which directory declares it. */
export interface GrantGiven extends PutGiven {
  readonly mayReplace: boolean
  readonly directory: string | null
}

/** Gives a grant, after everything that may refuse it: its terms, its expiry, isolation, the approval it needs. */
export const putGrant = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: GrantInput,
  given: GrantGiven,
): Promise<PutGrant> => {
  const identity = await ports.identities.find(tx, input.identity)
  if (identity === undefined) throw policyFault('grant_identity', { about: input.identity })
  if (identity.state === 'retired') throw policyFault('grant_terms', { about: `${identity.name} is retired` })
  const { gives, name, bundle } = await givesOf(tx, input)
  const before = await liveNamed(tx, identity.id, name, given.now)
  if (before !== undefined && !given.mayReplace) throw policyFault('grant_exists', { about: before.id })
  const conditions = inOneSpelling(input.conditions, ports.environments)
  const grant = grantOf({ input, identity, gives, name, before, given, conditions })
  const change = changesBetween(before && termsOf(before), termsOf(grant))
  if (before !== undefined && change.length === 0) {
    if (before.directory !== grant.directory) await updateGrant(tx, { ...before, directory: grant.directory })
    return { grant: before, identity, verb: 'unchanged', change, signals: [], regraded: undefined, exceptions: [] }
  }
  if (!isProperExpiry(grant.expiresAt, given.now)) throw policyFault('grant_expiry', { about: grant.expiresText })
  const lines = linesOf(grant, () => bundle)
  const resources = new Map(
    (
      await holdResources(
        tx,
        lines.map((line) => line.resource),
      )
    ).map((resource) => [resource.id, resource]),
  )
  assertCompiles(grant, bundle, resources)
  const exceptions = await assertSameEnvironment(tx, ports, identity, [...resources.values()], given.now)
  await assertWithinParent(tx, ports, identity, { lines, conditions: grant.conditions }, given.now)
  if (before === undefined) await insertGrant(tx, grant, identity.owner.id)
  else await updateGrant(tx, grant)
  // Only now is it known what the grant makes of the identity; where that is not approved, none of it was.
  const regraded = await ports.identities.regradeGiven(tx, identity.id, given.now)
  // Locked now, it may turn out to have gone to another team meanwhile, whose the grant is then.
  const { team } = regraded.on
  if (team !== null && team !== identity.owner.id) await giveGrants(tx, identity.id, team)
  const gain = { identity, regraded, lines, resource: (id: string) => resources.get(id) }
  const needed = gainNeeds(bundle === undefined ? gain : { ...gain, bundle })
  if (needed !== undefined) given.need(needed)
  // INVARIANT: the approval that came with the call is spent at its end, or nothing of it happened.
  const approved = { ...grant, approval: needed === undefined ? null : (given.approval ?? null) }
  if (approved.approval !== null) await updateGrant(tx, approved)
  const [verb, signals] = [before === undefined ? 'created' : 'changed', regradeSignals([regraded])] as const
  return { grant: approved, identity, verb, change, signals, regraded, exceptions }
}

// One that is over but was not swept yet is ended here, so that its name is free.
const liveNamed = async (tx: AnyTx, identity: string, name: string, now: Date): Promise<Grant | undefined> => {
  const found = (await liveGrantsOf(tx, identity)).find((grant) => grant.name === name)
  if (found === undefined || found.expiresAt > now) return found
  await endGrant(tx, found.id, EXPIRED, now)
  return undefined
}

const givesOf = async (
  tx: AnyTx,
  input: GrantInput,
): Promise<{ gives: Grant['gives']; name: string; bundle: Bundle | undefined }> => {
  const { bundle: bundleName, resource: resourceName, actions } = input
  if (bundleName !== undefined && (resourceName !== undefined || actions !== undefined))
    throw policyFault('grant_terms', { about: 'a bundle brings its own resources and actions' })
  if (bundleName !== undefined) {
    const bundle = await holdBundle(tx, bundleName)
    if (bundle === undefined) throw policyFault('bundle_not_found', { about: bundleName })
    return { gives: { bundle: bundle.id }, name: input.name ?? bundle.name, bundle }
  }
  if (resourceName === undefined || actions === undefined)
    throw policyFault('grant_terms', { about: 'name a bundle, or a resource and its actions' })
  const line = await resolveLine(tx, { resource: resourceName, actions })
  const [resource] = await resourcesByIds(tx, [line.resource])
  return { gives: line, name: input.name ?? resource?.name ?? line.resource, bundle: undefined }
}

const grantOf = (from: {
  input: GrantInput
  identity: PolicyIdentity
  gives: Grant['gives']
  name: string
  before: Grant | undefined
  given: GrantGiven
  conditions: Conditions
}): Grant => {
  const { input, identity, gives, name, before, given, conditions } = from
  // Days count from when they were first declared: applying the same file again postpones nothing.
  const isSameText = before?.expiresText === input.expiresAt
  const expiresAt = isSameText && before !== undefined ? before.expiresAt : readMoment(input.expiresAt, given.now)
  if (expiresAt === undefined) throw policyFault('grant_expiry', { about: input.expiresAt })
  return {
    id: before?.id ?? given.newId('grt'),
    identity: identity.id,
    name,
    gives,
    conditions,
    expiresAt,
    expiresText: input.expiresAt,
    createdAt: before?.createdAt ?? given.now,
    createdBy: before?.createdBy ?? given.by,
    approval: null,
    directory: given.directory,
    end: null,
  }
}

// The register knows one spelling of an environment, and a condition is held against that.
const inOneSpelling = (conditions: Conditions, { normal }: PolicyPorts['environments']): Conditions =>
  conditions.environments === undefined
    ? conditions
    : { ...conditions, environments: conditions.environments.map((name) => normal(name)) }

const termsOf = (grant: Grant) => ({
  identity: grant.identity,
  name: grant.name,
  gives: grant.gives,
  conditions: grant.conditions,
  expiresAt: grant.expiresAt.toISOString(),
})

// The engine's own rules for conditions: what it would not compile is not stored.
const assertCompiles = (grant: Grant, bundle: Bundle | undefined, resources: ReadonlyMap<string, Resource>): void => {
  const { problems } = grantSources(grant, { bundle: () => bundle, resource: (id) => resources.get(id), openTypes: [] })
  const [problem] = problems
  if (problem !== undefined) throw policyFault('grant_terms', { about: problem.message })
}

import type { Client } from '@reeve/sdk/client'
import { accessFile } from './access-file.ts'
import { everyPage, type ItemOf } from './every-item.ts'

/** Access as code as it is written: texts by the paths of their files, and what was left out of them. */
export interface AccessFiles {
  readonly name: string
  readonly files: ReadonlyMap<string, string>
  readonly left: readonly string[]
}

type Inventory = Client['inventory']
type Policy = Client['policy']
type Team = ItemOf<Inventory['team']['list']>
type Identity = ItemOf<Inventory['identity']['list']>
type Resource = ItemOf<Policy['resource']['list']>
type Bundle = ItemOf<Policy['bundle']['list']>
type Grant = ItemOf<Policy['grant']['list']>
type Credential = ItemOf<Client['broker']['credential']['list']>

/**
 * Everything that is registered and that no other directory declares, as a directory that changes nothing when it is
 * applied. What Reeve itself makes and rotates is told in comments; no value of it is asked for.
 */
export const registerFiles = async (
  client: Client,
  asked: { readonly name: string | undefined; readonly now: Date },
): Promise<AccessFiles> => {
  const { inventory, policy, broker } = client
  const declared = await everyPage(policy.access.list)
  const directories = [...new Set(declared.map(({ directory }) => directory))]
  const name = asked.name ?? (directories.length === 1 ? directories[0] : undefined) ?? 'main'
  const others = new Map(
    declared
      .filter(({ directory, type }) => directory !== name && type !== 'team')
      .map((one) => [keyOf(one.type, one.name), one.directory]),
  )
  const left: string[] = []
  const isOwn = (type: string, of: string, directory?: string | null): boolean => {
    const other = directory == null || directory === name ? others.get(keyOf(type, of)) : directory
    if (other !== undefined) left.push(`${type} ${of}: the directory ${other} declares it`)
    return other === undefined
  }
  const everybody = await everyPage(inventory.identity.list)
  const names = new Map(everybody.map((one) => [one.id, one.name]))
  const live = everybody.filter(({ state }) => state !== 'retired')
  const teams = await everyPage(inventory.team.list)
  const teamNames = new Map(teams.map((one) => [one.id, one.name]))
  const liveIds = new Set(live.map(({ id }) => id))
  const grants = (await everyPage(policy.grant.list))
    .filter((grant) => liveIds.has(grant.identity) && new Date(grant.expiresAt) > asked.now)
    .filter((grant) => isOwn('grant', `${names.get(grant.identity)} ${grant.name}`, grant.directory))
  const files = new Map<string, string>()
  const put = (path: string, kind: string, objects: readonly object[], notes?: readonly string[]): void => {
    if (objects.length > 0) files.set(path, accessFile(kind, objects, notes))
  }
  for (const team of teams) put(`teams/${team.name}.yaml`, 'team', [teamOf(team)])
  const credentials = countsOf(await everyPage(broker.credential.list))
  const own = parentsFirst(live.filter((one) => isOwn('identity', one.name)))
  for (const [team, members] of byKey(own, ({ owner }) => owner.name))
    put(
      `identities/${team}.yaml`,
      'identity',
      members.map((one) => identityOf(one, names)),
      members.map(({ id }) => ownedNote(credentials.get(id))),
    )
  const resources = (await everyPage(policy.resource.list)).filter((one) => isOwn('resource', one.name))
  for (const [team, owned] of byKey(resources, ({ owner }) => teamNames.get(owner ?? '') ?? 'nobody'))
    put(
      `resources/${team}.yaml`,
      'resource',
      owned.map((one) => resourceOf(one, { names, teamNames })),
    )
  for (const bundle of (await everyPage(policy.bundle.list)).filter((one) => isOwn('bundle', one.name)))
    put(`bundles/${bundle.name}.yaml`, 'bundle', [bundleOf(bundle)])
  const owners = new Map(live.map((one) => [one.id, one.owner.name]))
  const order = new Map(parentsFirst(live).map(({ id }, at) => [id, at]))
  const placed = grants.toSorted((one, other) => (order.get(one.identity) ?? 0) - (order.get(other.identity) ?? 0))
  for (const [team, given] of byKey(placed, ({ identity }) => owners.get(identity) ?? 'nobody'))
    put(
      `grants/${team}.yaml`,
      'grant',
      given.map((one) => grantOf(one, names)),
    )
  for (const listed of (await policy.application.list({})).items)
    if (isOwn('application', listed.name, listed.directory)) {
      const { id: _, directory: __, ...application } = await policy.application.show({ application: listed.id })
      put(`applications/${application.name}.yaml`, 'application', [application])
    }
  for (const listed of (await policy.set.list({})).items) {
    if (!isOwn('policy', listed.name, listed.directory)) continue
    const path = `policies/${listed.name}.cedar`
    if (listed.name.includes('/') || listed.file !== path)
      left.push(`policy ${listed.name}: its file ${listed.file} is not ${path}; store it under that file first`)
    else files.set(path, (await policy.set.show({ name: listed.name })).text)
  }
  return { name, files, left }
}

const keyOf = (type: string, name: string): string => JSON.stringify([type, name])

const teamOf = ({ name, technicalContact, businessContact, businessUnit }: Team) => ({
  name,
  technicalContact,
  businessContact,
  businessUnit,
})

const identityOf = (one: Identity, names: ReadonlyMap<string, string>) => {
  const { functions, boundary, blastRadius } = one.classification
  return {
    name: one.name,
    kind: one.kind,
    owner: one.owner.name,
    ...(one.parent === null ? {} : { parent: names.get(one.parent) ?? one.parent }),
    purpose: one.purpose,
    environment: one.environment,
    classification: { functions, boundary, blastRadius },
    lifecycle: one.lifecycle,
    ...said({
      pipeline: one.pipeline,
      workflow: one.workflow,
      authMethods: one.authMethods,
      upstream: one.upstream,
      downstream: one.downstream,
      revocationProcedure: one.revocationProcedure,
    }),
    expiresAt: one.expiresAt,
    reviewAt: one.reviewAt,
    tags: one.tags,
  }
}

const resourceOf = (
  { id: _, owner, servedBy, ...one }: Resource,
  given: { readonly names: ReadonlyMap<string, string>; readonly teamNames: ReadonlyMap<string, string> },
) => ({
  ...one,
  ...(owner === null ? {} : { owner: given.teamNames.get(owner) ?? owner }),
  ...said({ servedBy: servedBy.map((id) => given.names.get(id) ?? id) }),
})

const bundleOf = ({ name, purpose, matrix }: Bundle) => ({ name, purpose, matrix })

const grantOf = (one: Grant, names: ReadonlyMap<string, string>) => ({
  identity: names.get(one.identity) ?? one.identity,
  ...(one.bundle === null ? { resource: one.resource, actions: one.actions } : { bundle: one.bundle }),
  ...(one.name === (one.bundle ?? one.resource) ? {} : { name: one.name }),
  ...(Object.keys(one.conditions).length === 0 ? {} : { conditions: one.conditions }),
  expiresAt: one.expiresAt,
})

/** Without what is empty and would be the same left out. */
const said = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  )

/** Children after their parents: a directory is made in the order in which it stands. */
const parentsFirst = (identities: readonly Identity[]): readonly Identity[] => {
  const byId = new Map(identities.map((one) => [one.id, one]))
  const placed = new Set<Identity>()
  const place = (one: Identity): void => {
    const parent = one.parent === null ? undefined : byId.get(one.parent)
    if (parent !== undefined && !placed.has(parent)) place(parent)
    placed.add(one)
  }
  for (const one of identities) place(one)
  return [...placed]
}

const byKey = <Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> =>
  Map.groupBy(items, key)

const countsOf = (credentials: readonly Credential[]): ReadonlyMap<string, ReadonlyMap<string, number>> => {
  const counts = new Map<string, Map<string, number>>()
  for (const { identity, kind, state } of credentials) {
    if (state !== 'active' && state !== 'quarantined') continue
    const kinds = counts.get(identity) ?? new Map<string, number>()
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    counts.set(identity, kinds)
  }
  return counts
}

const ownedNote = (kinds: ReadonlyMap<string, number> | undefined): string =>
  kinds === undefined
    ? ''
    : `system-owned, and no part of this folder: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`

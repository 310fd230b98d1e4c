import { keepList } from '../keep-list.ts'
import { type AskOne, listEach, ofEach } from '../of-each.ts'
import { linkedPages, memberOf, type Paging, type Rest } from '../rest.ts'
import { type Asking, VendorError } from '../vendor.ts'
import type { KnownPrincipals } from './directory.ts'
import { fieldsOf, only, pagingBy } from './pages.ts'

/** What of the subscriptions of a tenant is asked. */
export interface ResourcesGiven {
  readonly asking: Asking
  readonly rest: Rest
  readonly tenant: string
  /** Those that are named; all that it sees, where none is. */
  readonly subscriptions: readonly string[]
  readonly principals: KnownPrincipals
}

const PAGING = pagingBy('nextLink')
const IDENTITIES = 'api-version=2023-01-31'
const ROLES = 'api-version=2022-04-01'
const VAULTS = 'api-version=2023-07-01'

/** The subscriptions of a tenant as Resource Manager tells of them: managed identities, roles, secrets of Key Vault. */
export const readResources = async (given: ResourcesGiven): Promise<void> => {
  const { asking, rest, tenant, principals } = given
  const subscriptions = await subscriptionsOf(given)
  const listed = (pathOf: (of: string) => string, paging: Paging = PAGING): { readonly ask: AskOne } => ({
    ask: (of, take) => linkedPages(rest, pathOf(of), take, paging),
  })
  const within = (of: string, paging?: Paging) => listed((id) => `/subscriptions/${id}/providers/${of}`, paging)

  let isCut = false
  const identities = await asking.part<unknown>('managed-identities', async (take) => {
    isCut = true
    const path = `Microsoft.ManagedIdentity/userAssignedIdentities?${IDENTITIES}`
    await listEach(subscriptions, within(path, withIds(IDENTITY_ID)), take)
    isCut = false
  })
  for (const identity of identities) targetOf(identity, asking)
  const federated = await ofEach(
    asking,
    'identity-federation',
    identities.map(idOf),
    listed((id) => `${encodeURI(id)}/federatedIdentityCredentials?${IDENTITIES}`),
  )
  const credentialsOf = new Map(federated.map(({ of, items }) => [of, items]))
  keepList(
    asking,
    `${tenant}/managed-identities`,
    identities.map((identity) => ({
      ...only(identity, 'id', 'name', 'type', 'tags', 'properties'),
      federatedIdentityCredentials: credentialsOf.get(idOf(identity)) ?? [],
    })),
  )

  const assignments = itemsOf(
    await ofEach(asking, 'role-assignments', subscriptions, within(`Microsoft.Authorization/roleAssignments?${ROLES}`)),
  )
  const known = new Set(identities.map((identity) => memberOf(memberOf(identity, 'properties'), 'principalId')))
  // Every managed identity is a service principal as well; where those are left out, itself alone tells of it.
  const isAllKnown = principals.are === 'all' || (principals.are === 'left out' && !isCut)
  const isKnown = (principal: unknown): boolean => isAllKnown || known.has(principal) || principals.ids.has(principal)
  keepList(
    asking,
    `${tenant}/role-assignments`,
    assignments.filter((each) => isKnown(memberOf(memberOf(each, 'properties'), 'principalId'))),
  )
  const assigned = new Set(
    assignments.map((each) => lastOf(memberOf(memberOf(each, 'properties'), 'roleDefinitionId'))),
  )
  const definitions = await asking.part<unknown>('role-definitions', (take) =>
    listEach(
      definitionPaths(subscriptions),
      listed((path) => path),
      (items) => take(items.filter((item) => assigned.has(lastOf(memberOf(item, 'id'))))),
    ),
  )
  keepList(asking, `${tenant}/role-definitions`, definitions.map(definitionOf))

  const vaults = itemsOf(
    await ofEach(asking, 'vaults', subscriptions, within(`Microsoft.KeyVault/vaults?${VAULTS}`, withIds(VAULT_ID))),
  )
  const secrets = await ofEach(
    asking,
    'vault-secrets',
    vaults.map(idOf),
    listed((id) => `${encodeURI(id)}/secrets?${VAULTS}`),
  )
  keepList(asking, `${tenant}/vault-secrets`, itemsOf(secrets).map(secretOf))
}

const ID = /^[0-9a-fA-F-]{36}$/
const VAULT_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]\/providers\/Microsoft\.KeyVault\/vaults\/[\w-]{1,40}$/iu
/** The id of a managed identity that has a resource of its own. */
export const IDENTITY_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[\w-]{1,128}$/iu

const subscriptionsOf = async ({ asking, rest, subscriptions }: ResourcesGiven): Promise<readonly string[]> => {
  if (subscriptions.length > 0) return subscriptions
  const seen = await asking.part<unknown>('subscriptions', async (take) => {
    let count = 0
    await linkedPages(
      rest,
      '/subscriptions?api-version=2022-12-01',
      (items) => {
        count += items.length
        take(items)
      },
      PAGING,
    )
    // Who has no right anywhere is told that there is nothing.
    if (count === 0) throw new VendorError('it sees no subscription: it takes the role Reader on each')
  })
  return seen.flatMap((each) => {
    const id = memberOf(each, 'subscriptionId')
    return typeof id === 'string' && ID.test(id) ? [id] : []
  })
}

const itemsOf = (lists: readonly { readonly items: readonly unknown[] }[]): readonly unknown[] =>
  lists.flatMap(({ items }) => items)

const idOf = (item: unknown): string => String(memberOf(item, 'id'))

/** Pages whose items have ids that are asked next, and must be nothing else. */
const withIds = (form: RegExp): Paging => ({
  ...PAGING,
  itemsOf: (value) => {
    const items = memberOf(value, 'value')
    return Array.isArray(items) && items.every((item) => form.test(idOf(item))) ? items : undefined
  },
})

const lastOf = (id: unknown): string => String(id).split('/').at(-1)?.toLowerCase() ?? ''

// Those of Azure are the same everywhere.
const definitionPaths = (subscriptions: readonly string[]): readonly string[] => {
  const path = (id: string, type: string) =>
    `/subscriptions/${id}/providers/Microsoft.Authorization/roleDefinitions?${ROLES}&$filter=type%20eq%20'${type}'`
  const [first] = subscriptions
  return [
    ...(first === undefined ? [] : [path(first, 'BuiltInRole')]),
    ...subscriptions.map((id) => path(id, 'CustomRole')),
  ]
}

const definitionOf = (definition: unknown) => ({
  ...only(definition, 'id'),
  properties: only(memberOf(definition, 'properties'), 'roleName', 'type', 'permissions'),
})

const secretOf = (secret: unknown) => ({
  ...only(secret, 'id', 'tags'),
  properties: only(memberOf(secret, 'properties'), 'secretUri', 'attributes'),
})

/** How tags of ours begin there. */
export const TAG = 'reeve.'

const targetOf = (identity: unknown, asking: Pick<Asking, 'target'>): void => {
  const client = memberOf(memberOf(identity, 'properties'), 'clientId')
  if (typeof client !== 'string' || !ID.test(client)) return
  const own = Object.entries(fieldsOf(memberOf(identity, 'tags'))).flatMap(([name, value]) =>
    name.startsWith(TAG) ? [[name.slice(TAG.length), String(value)] as const] : [],
  )
  asking.target(`azure:${client.toLowerCase()}`, Object.fromEntries(own), idOf(identity))
}

import type { FakeVendor, Reply, VendorRequest } from './fake-vendor.ts'

// Entra's token endpoint, Microsoft Graph and Azure Resource Manager as their references have them, below one address: two
// items a page, and the next page named in the answer.

const PAGE = 2
/** An id of the form that all of Microsoft's have. */
export const guid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

export const TENANT = guid(1)
export const CLIENT = guid(2)
export const SECRET = 'a client secret of nobody'
export const SUBSCRIPTION = guid(3)
export const OTHER_SUBSCRIPTION = guid(4)
const GRAPH_ITSELF = guid(900)

/** What a tenant holds, by the path that lists it. */
export type Estate = Record<string, Record<string, unknown>[]>

const application = (number: number) => ({
  ...{
    id: guid(100 + number),
    appId: guid(200 + number),
    displayName: `app ${number}`,
    signInAudience: 'AzureADMyOrg',
  },
  ...{ requiredResourceAccess: [], web: { redirectUris: [] } },
  passwordCredentials: [
    { keyId: guid(300 + number), startDateTime: '2026-06-01T00:00:00Z', endDateTime: '2026-12-01T00:00:00Z' },
  ],
  keyCredentials: [{ keyId: guid(400 + number), key: 'BYTES', endDateTime: '2026-12-01T00:00:00Z' }],
  owners: number === 1 ? [{ '@odata.type': '#microsoft.graph.user', mail: 'ada@example.com', jobTitle: 'hidden' }] : [],
  federatedIdentityCredentials: [],
})

/** A service principal of an application, in the form in which the directory lists it. */
export const principal = (number: number, more: object = {}) => ({
  ...{ id: guid(500 + number), appId: guid(200 + number), displayName: `app ${number}`, accountEnabled: true },
  ...{ servicePrincipalType: 'Application', passwordCredentials: [], keyCredentials: [], owners: [], appRoles: [] },
  appRoleAssignments: [],
  ...more,
})

const graphItself = () => ({
  ...principal(0),
  ...{ id: GRAPH_ITSELF, appId: guid(901), displayName: 'Microsoft Graph' },
  appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
  appRoles: [
    { id: guid(910), value: 'Orders.Read', allowedMemberTypes: ['Application'] },
    { id: guid(911), value: 'Unused.Read', allowedMemberTypes: ['Application'] },
  ],
})

/** That a principal has a role of an application. */
export const appRole = (number: number, role = guid(910)) => ({
  ...{ id: `a${number}`, principalId: guid(500 + number), principalType: 'ServicePrincipal' },
  ...{ appRoleId: role, resourceId: GRAPH_ITSELF, resourceDisplayName: 'Microsoft Graph' },
})

const idOfIdentity = (name: string, subscription = SUBSCRIPTION): string =>
  `/subscriptions/${subscription}/resourceGroups/shop(größe)/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
const identity = (number: number, subscription?: string) => ({
  ...{ id: idOfIdentity(`identity-${number}`, subscription), name: `identity-${number}` },
  ...{ type: 'Microsoft.ManagedIdentity/userAssignedIdentities', tags: { cost: '42' } },
  properties: { clientId: guid(600 + number), principalId: guid(700 + number), tenantId: TENANT },
})

/** Of a vault, in which secrets are. */
export const VAULT = `/subscriptions/${SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/kv1`
const ROLE = 'providers/Microsoft.Authorization/roleDefinitions'

/** Three applications with a principal each, three managed identities in two subscriptions, a vault with a secret. */
export const estate = (): Estate => ({
  'graph/v1.0/applications': [1, 2, 3].map(application),
  'graph/v1.0/servicePrincipals': [
    graphItself(),
    principal(1, { appRoleAssignments: [appRole(1)] }),
    principal(2),
    principal(3),
    ...[1, 2, 3].map((number) => ({
      ...principal(number),
      ...{ id: guid(700 + number), appId: guid(600 + number), displayName: `identity-${number}` },
      servicePrincipalType: 'ManagedIdentity',
    })),
    principal(8, { appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' }),
  ],
  'graph/v1.0/oauth2PermissionGrants': [21, 22].map((person) => ({
    ...{ id: `g${person}`, clientId: guid(502), consentType: 'Principal', principalId: guid(person) },
    ...{ resourceId: GRAPH_ITSELF, scope: ' Mail.Send' },
  })),
  'graph/v1.0/roleManagement/directory/roleAssignments': [
    {
      ...{ id: 'd1', principalId: guid(503), roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10' },
      ...{ directoryScopeId: '/', principal: { '@odata.type': '#microsoft.graph.servicePrincipal', id: guid(503) } },
    },
    {
      ...{ id: 'd2', principalId: guid(21), roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10' },
      ...{ directoryScopeId: '/', principal: { '@odata.type': '#microsoft.graph.user', mail: 'hidden@example.com' } },
    },
  ],
  'graph/v1.0/roleManagement/directory/roleDefinitions': [{ id: guid(800), displayName: 'Helpdesk' }],
  'graph/beta/reports/servicePrincipalSignInActivities': [
    { appId: guid(202), lastSignInActivity: { lastSignInDateTime: '2026-01-02T00:00:00Z' } },
  ],
  'graph/beta/reports/appCredentialSignInActivities': [
    { appId: guid(201), keyId: guid(301), signInActivity: { lastSignInDateTime: '2026-06-05T00:00:00Z' } },
  ],
  'arm/subscriptions': [SUBSCRIPTION, OTHER_SUBSCRIPTION].map((subscriptionId) => ({ subscriptionId })),
  [`arm/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`]: [
    identity(1),
    identity(2),
  ],
  [`arm/subscriptions/${OTHER_SUBSCRIPTION}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`]: [
    identity(3, OTHER_SUBSCRIPTION),
  ],
  [`arm${idOfIdentity('identity-1')}/federatedIdentityCredentials`]: [
    {
      name: 'ci',
      properties: {
        ...{ issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:acme/shop:*' },
        audiences: ['api://AzureADTokenExchange'],
      },
    },
  ],
  [`arm/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments`]: [
    {
      id: 'r1',
      properties: {
        ...{ principalId: guid(701), principalType: 'ServicePrincipal', scope: `/subscriptions/${SUBSCRIPTION}` },
        roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/${ROLE}/${guid(801)}`,
      },
    },
  ],
  [`arm/subscriptions/${SUBSCRIPTION}/${ROLE}`]: [
    {
      id: `/subscriptions/${SUBSCRIPTION}/${ROLE}/${guid(801)}`,
      properties: { roleName: 'keeper', type: 'CustomRole', permissions: [{ actions: ['*'] }] },
    },
    {
      id: `/subscriptions/${SUBSCRIPTION}/${ROLE}/${guid(802)}`,
      properties: { roleName: 'nobody', type: 'BuiltInRole', permissions: [] },
    },
  ],
  [`arm/subscriptions/${SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults`]: [{ id: VAULT, name: 'kv1' }],
  [`arm${VAULT}/secrets`]: ['db', 'mail', 'shop'].map((name) => ({
    id: `${VAULT}/secrets/${name}`,
    properties: {
      secretUri: `https://kv1.vault.azure.net/secrets/${name}`,
      attributes: { enabled: true, updated: Date.UTC(2026, 8) / 1000 },
    },
  })),
})

/** The stable keys of all that an estate holds. */
export const KEYS: readonly string[] = [
  ...[201, 202, 203, 601, 602, 603].map((number) => `azure:${guid(number)}`),
  ...['db', 'mail', 'shop'].map((name) => `azure:https://kv1.vault.azure.net/secrets/${name}`),
]

/** Of which part a request is. */
const partOf = ({ method, url }: VendorRequest): string => {
  const path = decodeURI(url.pathname)
  if (path.endsWith('/oauth2/v2.0/token')) return 'login'
  if (method === 'PATCH') return 'tags'
  const expanded = url.searchParams.get('$expand') ?? ''
  return PARTS[expanded] ?? PARTS[path.split('/').at(-1) ?? ''] ?? 'service-principals'
}

const PARTS: Readonly<Record<string, string>> = {
  ...{ owners: 'owners', federatedIdentityCredentials: 'identity-federation', appRoleAssignments: 'app-roles' },
  ...{ applications: 'applications', oauth2PermissionGrants: 'grants', subscriptions: 'subscriptions' },
  ...{ servicePrincipalSignInActivities: 'sign-ins', appCredentialSignInActivities: 'sign-ins' },
  ...{ userAssignedIdentities: 'managed-identities', vaults: 'vaults', secrets: 'vault-secrets' },
  ...{ roleAssignments: 'role-assignments', roleDefinitions: 'role-definitions' },
}

const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) })

/** A page of a list: what was not asked for with an object is not in it. */
const pageOf = (all: Estate, { url }: VendorRequest): Reply => {
  const path = decodeURI(url.pathname).slice(1)
  const from = Number(url.searchParams.get('$skiptoken') ?? '0')
  const expanded = url.searchParams.get('$expand')
  const items = (all[path] ?? [])
    .filter((item) => isOfType(item, url.searchParams.get('$filter')))
    .map((item) => {
      const { owners, federatedIdentityCredentials, appRoleAssignments, ...plain } = item
      if (!RELATED.test(path) || expanded === null) return plain
      const related: Record<string, unknown> = { owners, federatedIdentityCredentials, appRoleAssignments }
      const list = related[expanded]
      return { ...plain, [expanded]: Array.isArray(list) ? list.slice(0, 20) : list }
    })
  const next = new URL(url)
  next.searchParams.set('$skiptoken', String(from + PAGE))
  const link = path.startsWith('graph') ? '@odata.nextLink' : 'nextLink'
  const value = items.slice(from, from + PAGE)
  return json({ value, ...(items.length > from + PAGE ? { [link]: next.href } : {}) })
}

const RELATED = /\/(?:applications|servicePrincipals)$/

const isOfType = (item: Record<string, unknown>, filter: string | null): boolean =>
  filter === null || JSON.stringify(item).includes(`"type":"${/'(\w+)'/.exec(filter)?.[1]}"`)

/** How the login of a fake is asked: what the form holds, and what it answers. */
export type Login = (form: URLSearchParams) => Reply

/** A token for the API that the scope names, and for an hour. */
export const tokenReply = (form: URLSearchParams): Reply =>
  json({ token_type: 'Bearer', expires_in: 3599, access_token: `for-${form.get('scope')}` })

/** Refuses as Entra does, with a sentence that names what it should not. */
export const refusal = (code: number, status = 401): Reply =>
  json({ error: 'invalid_client', error_description: `AADSTS${code}: app hidden-name`, error_codes: [code] }, status)

const bySecret: Login = (form) => (form.get('client_secret') === SECRET ? tokenReply(form) : refusal(7000215))

export const fakeAzure = (all: Estate, login: Login = bySecret): FakeVendor => ({
  vendor: 'azure',
  secret: SECRET,
  settings: (url) => ({
    ...{ tenant: TENANT, client: CLIENT },
    ...{ login: `${url}/login`, graph: `${url}/graph`, arm: `${url}/arm` },
  }),
  partOf,
  answer: (request) => {
    const path = request.url.pathname
    if (path === `/login/${TENANT}/oauth2/v2.0/token`) return login(new URLSearchParams(request.body))
    const api = path.startsWith('/graph/') ? 'https://graph.microsoft.com' : 'https://management.azure.com'
    if (request.headers.authorization !== `Bearer for-${api}/.default`) return json({}, 401)
    return pageOf(all, request)
  },
})

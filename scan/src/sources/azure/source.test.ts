import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { azureSource } from './source.ts'

const read = (content: unknown, path = 'export.json') => readSource(azureSource, content, path)

const CLIENT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
const OBJECT = '33333333-4444-5555-6666-777777777777'
const app = (more: object) => [
  { appId: CLIENT, id: 'o1', displayName: 'shop', signInAudience: 'AzureADMyOrg', ...more },
]
const sp = (more: object = {}) => ({
  appId: CLIENT,
  id: OBJECT,
  displayName: 'shop',
  servicePrincipalType: 'Application',
  accountEnabled: true,
  ...more,
})
const assigned = (role: string, scope: string, more: object = {}) => ({
  principalId: OBJECT,
  principalType: 'ServicePrincipal',
  roleDefinitionId: `/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/${role}`,
  scope,
  ...more,
})
const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const CUSTOM = '99999999-aaaa-bbbb-cccc-dddddddddddd'
const MICROSOFT = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a'
/** As Azure Resource Manager has it. */
const role = (more: object, actions: readonly string[]) => ({
  id: `/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/${CUSTOM}`,
  properties: { roleName: 'keeper', ...more, permissions: [{ actions }] },
})
const GRAPH = '88888888-4444-5555-6666-777777777777'
const graph = () => ({
  ...{ appId: '00000003-0000-0000-c000-000000000000', id: GRAPH, displayName: 'Microsoft Graph' },
  ...{ servicePrincipalType: 'Application', appOwnerOrganizationId: MICROSOFT },
})
const granted = (scope: string, consentType: string) => ({ clientId: OBJECT, resourceId: GRAPH, consentType, scope })
const federated = (subject: string) => [
  {
    name: 'ci',
    issuer: 'https://token.actions.githubusercontent.com',
    subject,
    audiences: ['api://AzureADTokenExchange'],
  },
]
const flexible = (value: string) => [
  {
    ...{ name: 'ci', issuer: 'https://token.actions.githubusercontent.com', audiences: ['api://AzureADTokenExchange'] },
    claimsMatchingExpression: { value, languageVersion: 1 },
  },
]

const FACTS: readonly [string, unknown, string[]][] = [
  ['an application', app({}), []],
  ['an application of any organisation', app({ signInAudience: 'AzureADMultipleOrgs' }), ['app/any-organisation low']],
  [
    'a secret that ends soon',
    app({
      passwordCredentials: [{ keyId: 'k', startDateTime: '2026-08-01T00:00:00Z', endDateTime: '2026-10-01T00:00:00Z' }],
    }),
    [],
  ],
  [
    'a secret of ten years',
    app({
      passwordCredentials: [{ keyId: 'k', startDateTime: '2026-08-01T00:00:00Z', endDateTime: '2036-08-01T00:00:00Z' }],
    }),
    ['credential/without-end medium'],
  ],
  [
    'an old certificate',
    app({
      keyCredentials: [{ keyId: 'k', startDateTime: '2024-01-01T00:00:00Z', endDateTime: '2027-01-01T00:00:00Z' }],
    }),
    ['credential/old high'],
  ],
  [
    'a permission to change every role, without a user',
    app({
      requiredResourceAccess: [
        { resourceAppId: 'graph', resourceAccess: [{ id: '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', type: 'Role' }] },
      ],
    }),
    ['app/wide-scopes high'],
  ],
  [
    'the same permission for its users only',
    app({
      requiredResourceAccess: [
        { resourceAppId: 'graph', resourceAccess: [{ id: '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8', type: 'Scope' }] },
      ],
    }),
    [],
  ],
  [
    'a redirect that is not encrypted',
    app({ web: { redirectUris: ['http://shop.example/cb', 'http://localhost:8080/cb', 'https://shop.example/cb'] } }),
    ['app/loose-redirect medium'],
  ],
  [
    'a disabled principal with a secret',
    [sp({ accountEnabled: false, passwordCredentials: [{ keyId: 'k', endDateTime: '2026-10-01T00:00:00Z' }] })],
    ['account/disabled-with-access low'],
  ],
  ['an owner of a subscription', [sp(), assigned(OWNER, '/subscriptions/s')], ['account/broad-role high']],
  ['an owner of a resource group', [sp(), assigned(OWNER, '/subscriptions/s/resourceGroups/g')], []],
  ['a reader', [sp(), assigned(READER, '/subscriptions/s')], []],
  ['an owner that no file explains', [assigned(OWNER, '/subscriptions/s')], ['account/broad-role high']],
  ['an owner who is a person', [assigned(OWNER, '/subscriptions/s', { principalType: 'User' })], []],
  [
    'a global administrator',
    [sp(), { principalId: OBJECT, roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10', directoryScopeId: '/' }],
    ['account/broad-role high'],
  ],
  [
    'a wide app role',
    [
      sp(),
      {
        principalId: OBJECT,
        principalType: 'ServicePrincipal',
        appRoleId: '19dbc75e-c2e2-444c-a770-ec69d8559fc7',
        resourceDisplayName: 'Microsoft Graph',
      },
    ],
    ['app/wide-scopes high'],
  ],
  [
    'a role of its own that gives rights',
    [sp(), assigned(CUSTOM, '/subscriptions/s'), role({ type: 'CustomRole' }, ['Microsoft.Authorization/*'])],
    ['account/broad-role high'],
  ],
  [
    'a role of Azure that gives some rights',
    [sp(), assigned(CUSTOM, '/subscriptions/s'), role({ type: 'BuiltInRole' }, ['Microsoft.Authorization/*'])],
    [],
  ],
  [
    'a wide scope for all users',
    [sp(), graph(), granted('User.Read Mail.ReadWrite', 'AllPrincipals')],
    ['app/wide-scopes medium'],
  ],
  ['a wide scope for one user', [sp(), graph(), granted('Mail.ReadWrite', 'Principal')], []],
  [
    'a principal that signed in long ago',
    [sp(), { appId: CLIENT, lastSignInActivity: { lastSignInDateTime: '2026-01-02T03:04:05Z' } }],
    ['account/unused medium'],
  ],
  [
    'a secret that nobody signed in with for long',
    [
      ...app({
        passwordCredentials: [{ keyId: 'K', startDateTime: '2026-04-01T00:00:00Z', endDateTime: '2026-10-01' }],
      }),
      ...['2026-04-30', '2026-05-01'].map((day) => ({ keyId: 'k', signInActivity: { lastSignInDateTime: day } })),
    ],
    ['credential/unused medium'],
  ],
  ['a principal of Microsoft itself', [sp({ appOwnerOrganizationId: MICROSOFT })], []],
  [
    'a principal of Microsoft itself that was given a subscription',
    [sp({ appOwnerOrganizationId: MICROSOFT }), assigned(OWNER, '/subscriptions/s')],
    ['account/broad-role high'],
  ],
  ['a federation with one branch', federated('repo:acme/shop:ref:refs/heads/main'), []],
  ['a federation with any branch', federated('repo:acme/shop:*'), ['federation/wildcard medium']],
  ['a federation with any repository', federated('repo:*'), ['federation/open high']],
  [
    'a federation with the pull requests of a repository',
    federated('repo:acme/shop:pull_request'),
    ['federation/pull-requests medium'],
  ],
  ['a federation with an environment of that name', federated('repo:acme/shop:environment:pull_request'), []],
  [
    'a flexible federation with pull requests',
    flexible("claims['sub'] eq 'repo:acme/shop:pull_request'"),
    ['federation/pull-requests medium'],
  ],
  [
    'a flexible federation with any branch',
    flexible("claims['sub'] matches 'repo:acme/shop:ref:refs/heads/*'"),
    ['federation/wildcard medium'],
  ],
  ['a flexible federation with any subject', flexible("claims['sub'] matches '*'"), ['federation/open high']],
  [
    'a flexible federation with the main branch of anybody',
    flexible("claims['sub'] matches '*:ref:refs/heads/main'"),
    ['federation/open high'],
  ],
  [
    'a flexible federation with any subject of a workflow of ours',
    flexible(
      "claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'acme/shop/.github/workflows/*.yml@refs/heads/main'",
    ),
    ['federation/wildcard medium'],
  ],
  [
    'a flexible federation with any project of GitLab',
    flexible("claims['sub'] matches 'project_path:*:ref_type:branch:ref:main'"),
    ['federation/open high'],
  ],
]

for (const [name, content, rules] of FACTS)
  test(`an export of Azure with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems } = read(content)
    assert.deepEqual(problems, [])
    assert.deepEqual(rulesFound, rules)
  })

test('an application, its principal, its federated credential and its roles are one identity, as Python writes them too', () => {
  const { related } = read({
    apps: [
      {
        app_id: CLIENT.toUpperCase(),
        id: 'o1',
        display_name: 'shop',
        sign_in_audience: 'AzureADMyOrg',
        federatedIdentityCredentials: federated('repo:acme/shop:ref:refs/heads/main'),
      },
    ],
    principals: [{ app_id: CLIENT, id: OBJECT, display_name: 'shop', service_principal_type: 'Application' }],
    assignments: [assigned(OWNER, '/subscriptions/s')],
  })
  assert.deepEqual(
    related.map(({ stableKey }) => stableKey),
    [`azure:${CLIENT}`],
  )
  assert.deepEqual(
    related[0]?.reaches.map(({ what, because }) => `${because}: ${what}`),
    ['role Owner: /subscriptions/s'],
  )
})

test('roles are called as they are defined, in whatever file that is, and reading ones read', () => {
  const definitions = [
    role({ type: 'CustomRole' }, ['Microsoft.Storage/*/read']),
    { id: 'd1', displayName: 'Helpdesk', rolePermissions: [], templateId: 'd1' },
    {
      appId: 'other',
      displayName: 'api',
      appRoles: [{ id: 'r1', value: 'Orders.Read', allowedMemberTypes: ['Application'] }],
    },
  ]
  const { related } = read([
    sp(),
    assigned(CUSTOM, '/subscriptions/s'),
    { principalId: OBJECT, roleDefinitionId: 'd1', directoryScopeId: '/' },
    { principalId: OBJECT, principalType: 'ServicePrincipal', appRoleId: 'r1', resourceDisplayName: 'api' },
    ...definitions,
  ])
  assert.deepEqual(
    related.map(({ reaches }) => reaches.map(({ because, what, access }) => `${because}: ${what}, ${access}`)),
    [['role keeper: /subscriptions/s, read', 'role Helpdesk: /, unknown', 'role Orders.Read: api, unknown']],
  )
})

test('what an application may do for its users is said of it, by the name of the API and once for the same of many', () => {
  const { related } = read([
    sp(),
    graph(),
    granted(' User.Read Mail.Send', 'Principal'),
    granted('User.Read', 'Principal'),
    granted('Mail.ReadWrite', 'AllPrincipals'),
  ])
  assert.deepEqual(
    related.map(({ reaches }) => reaches.map(({ because, what, access }) => `${because} ${what} ${access}`)),
    [
      [
        'acts for users who agreed Microsoft Graph: User.Read read',
        'acts for users who agreed Microsoft Graph: Mail.Send unknown',
        'acts for all users Microsoft Graph: Mail.ReadWrite write',
      ],
    ],
  )
})

test('who owns it is who Entra says owns it, or a tag of a managed identity', () => {
  const owners = [{ userPrincipalName: 'ada@example.com', displayName: 'Ada' }]
  const identity = {
    type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
    id: '/x',
    name: 'app',
    tags: { team: 'shop' },
  }
  const { related } = read([...app({ owners }), { ...identity, properties: { clientId: 'c2', principalId: 'p2' } }])
  assert.deepEqual(
    related.map(({ ownerHint }) => ownerHint),
    [
      { value: 'ada@example.com', because: 'an owner in Entra' },
      { value: 'shop', because: 'a tag' },
    ],
  )
})

test('an assignment in the directory whose principal is a person, as its expanded principal says, is left out', () => {
  const assignment = {
    principalId: OBJECT,
    roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10',
    directoryScopeId: '/',
  }
  const of = (type: string) => read([{ ...assignment, principal: { '@odata.type': `#microsoft.graph.${type}` } }])
  assert.deepEqual([of('user').related, of('user').problems], [[], []])
  assert.deepEqual(of('servicePrincipal').rulesFound, ['account/broad-role high'])
})

test('a managed identity that takes tokens of others is one with its federated credential', () => {
  const identity = { type: 'Microsoft.ManagedIdentity/userAssignedIdentities', id: '/x', name: 'app' }
  const [credential] = federated('repo:acme/shop:*')
  const { related, rulesFound } = read([
    {
      ...identity,
      properties: { clientId: CLIENT, principalId: OBJECT },
      federatedIdentityCredentials: [{ name: 'ci', properties: credential }],
    },
  ])
  assert.deepEqual(
    related.map(({ stableKey, name }) => [stableKey, name]),
    [[`azure:${CLIENT}`, 'managed identity app']],
  )
  assert.deepEqual(rulesFound, ['federation/wildcard medium'])
})

test('a managed identity is known by its client id, and its object id explains its roles', () => {
  const { related } = read([
    {
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      id: '/subscriptions/s/x',
      name: 'app',
      clientId: CLIENT,
      principalId: OBJECT,
    },
    assigned(READER, '/subscriptions/s', { principalType: '' }),
  ])
  assert.deepEqual(
    related.map(({ stableKey, reaches }) => [stableKey, reaches.length]),
    [[`azure:${CLIENT}`, 1]],
  )
})

test('an assignment whose principal no file explains, and that may be of a person, is named', () => {
  const { problems, related } = read([
    { principalId: OBJECT, roleDefinitionId: '62e90394-69f5-4237-9190-012177145e10', directoryScopeId: '/' },
  ])
  assert.deepEqual(
    problems.map(({ reason }) => reason),
    ['incomplete'],
  )
  assert.deepEqual(related, [])
})

test('other shapes are left alone, and hostile ones end', () => {
  assert.equal(read({ a: 1 }).isWanted, false)
  for (const odd of [
    { appId: 1 },
    { appId: {}, displayName: [], id: null },
    [{ principalId: [], roleDefinitionId: {} }],
    { issuer: 'x', audiences: 1, subject: [] },
  ])
    assert.deepEqual(
      read(odd).related.filter(({ name }) => !name.startsWith('federated')),
      [],
      JSON.stringify(odd),
    )
})

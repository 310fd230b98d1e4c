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
const federated = (subject: string) => [
  {
    name: 'ci',
    issuer: 'https://token.actions.githubusercontent.com',
    subject,
    audiences: ['api://AzureADTokenExchange'],
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
  ['a federation with one branch', federated('repo:acme/shop:ref:refs/heads/main'), []],
  ['a federation with any branch', federated('repo:acme/shop:*'), ['federation/wildcard medium']],
  ['a federation with any repository', federated('repo:*'), ['federation/open high']],
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

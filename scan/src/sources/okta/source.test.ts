import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { readSource } from '../../../test/read-source.ts'
import { oktaSource } from './source.ts'

const app = (client: object, settings: object, more: object = {}) => ({
  id: '0oa1',
  label: 'shop',
  status: 'ACTIVE',
  signOnMode: 'OPENID_CONNECT',
  credentials: { oauthClient: { client_id: '0oa1', token_endpoint_auth_method: 'private_key_jwt', ...client } },
  settings: {
    oauthClient: { grant_types: ['client_credentials'], redirect_uris: ['https://shop.example/cb'], ...settings },
  },
  ...more,
})

const role = (type: string) => ({
  ...{ id: 'r', label: type, type, status: 'ACTIVE', assignmentType: 'CLIENT' },
  _links: { assignee: { href: 'https://x.okta.example/oauth2/v1/clients/0oa1' } },
})
const secret = (created: string, status: string) => ({
  ...{ id: 'ocs1', created, secret_hash: 'h', status },
  _links: {
    deactivate: { href: 'https://x.okta.example/api/v1/apps/0oa1/credentials/secrets/ocs1/lifecycle/deactivate' },
  },
})
const hook = (uri: string, authScheme: object | null) => ({
  ...{ id: 'who1', name: 'users', status: 'ACTIVE', events: { type: 'EVENT_TYPE', items: [] } },
  channel: { type: 'HTTP', config: { uri, ...(authScheme ? { authScheme } : {}) } },
  _links: { self: { href: 'https://x.okta.example/api/v1/eventHooks/who1' } },
})

testExports(oktaSource, [
  ['an application with a key', app({}, {}), []],
  [
    'an application with a secret',
    app({ token_endpoint_auth_method: 'client_secret_basic' }, {}),
    ['app/static-secret low'],
  ],
  ['an application that takes passwords', app({}, { grant_types: ['password'] }), ['app/password-grant medium']],
  [
    'an application that is off',
    app({ token_endpoint_auth_method: 'client_secret_basic' }, { grant_types: ['password'] }, { status: 'INACTIVE' }),
    [],
  ],
  [
    'a redirect that is a pattern',
    app({}, { redirect_uris: ['https://*.shop.example/cb'] }),
    ['app/loose-redirect medium'],
  ],
  [
    'a token of an administrator',
    {
      id: 't',
      name: 'ci',
      userId: 'u',
      tokenWindow: 'P30D',
      created: '2026-08-01T00:00:00Z',
      network: { connection: 'ANYWHERE' },
    },
    ['credential/of-a-person medium', 'credential/unrestricted medium', 'posture/high-risk critical'],
  ],
  ['a program that is a super administrator', role('SUPER_ADMIN'), ['account/superuser high']],
  ['a program that administers applications', role('APP_ADMIN'), ['account/broad-role high']],
  ['a program that only reads', role('READ_ONLY_ADMIN'), []],
  ['a secret of an application', secret('2026-08-01T00:00:00Z', 'ACTIVE'), ['credential/without-end medium']],
  ['an old secret', secret('2020-08-01T00:00:00Z', 'ACTIVE'), ['credential/old high', 'credential/without-end medium']],
  ['a secret that is off', secret('2020-08-01T00:00:00Z', 'INACTIVE'), []],
  ['a hook that proves itself', hook('https://x.example/', { type: 'HEADER', key: 'Authorization' }), []],
  ['a hook without proof', hook('https://x.example/', null), ['webhook/unsigned medium']],
  ['a hook in the clear', hook('http://x.example/', { type: 'HEADER' }), ['webhook/unchecked-tls medium']],
  ['a scope that reads', { id: 'g', scopeId: 'okta.users.read', clientId: '0oa1' }, []],
  [
    'a scope that hands out roles',
    { id: 'g', scopeId: 'okta.roles.manage', clientId: '0oa1' },
    ['app/wide-scopes high'],
  ],
])

test('a role of a person is theirs, and a secret or a role of a program is of its application', () => {
  const keys = (value: object) =>
    readSource(oktaSource, JSON.stringify([value]), 'okta.json').sightings.map(({ stableKey }) => stableKey)
  assert.deepEqual(keys(role('SUPER_ADMIN')), ['okta:0oa1'])
  assert.deepEqual(keys(secret('2026-08-01T00:00:00Z', 'ACTIVE')), ['okta:0oa1'])
  const assignee = { href: 'https://x.okta.example/api/v1/users/00u1' }
  assert.deepEqual(keys({ ...role('SUPER_ADMIN'), _links: { assignee } }), [])
})

import { testExports } from '../../../test/export-table.ts'
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
    ['credential/of-a-person medium', 'credential/unrestricted medium'],
  ],
  ['a scope that reads', { id: 'g', scopeId: 'okta.users.read', clientId: '0oa1' }, []],
  [
    'a scope that hands out roles',
    { id: 'g', scopeId: 'okta.roles.manage', clientId: '0oa1' },
    ['app/wide-scopes high'],
  ],
])

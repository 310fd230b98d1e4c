import { testExports } from '../../../test/export-table.ts'
import { servicesSource } from './source.ts'

const NEW = '2026-08-01T00:00:00Z'
const client = (more: object) => ({
  id: 'c1',
  clientId: 'shop',
  enabled: true,
  publicClient: false,
  serviceAccountsEnabled: true,
  bearerOnly: false,
  clientAuthenticatorType: 'client-jwt',
  fullScopeAllowed: false,
  redirectUris: [],
  ...more,
})
const user = (more: object) => ({
  name: 'BOT',
  login_name: 'BOT',
  type: 'SERVICE',
  default_role: 'READER',
  network_policy: 'OFFICE',
  has_password: false,
  ...more,
})

testExports(servicesSource, [
  [
    'a key of OpenAI',
    {
      object: 'organization.project.api_key',
      id: 'k',
      name: 'bot',
      created_at: 1785542400,
      last_used_at: 1787000000,
      owner: { type: 'service_account' },
    },
    ['credential/without-end medium'],
  ],
  [
    'an admin key of a person at OpenAI',
    {
      object: 'organization.admin_api_key',
      id: 'k',
      name: 'bot',
      created_at: 1785542400,
      last_used_at: 1787000000,
      owner: { type: 'user' },
    },
    ['app/wide-scopes high', 'credential/of-a-person medium', 'credential/without-end medium'],
  ],
  [
    'a service account of OpenAI',
    { object: 'organization.project.service_account', id: 'u', name: 'bot', role: 'member' },
    [],
  ],
  [
    'a key of Anthropic that is off',
    { type: 'api_key', id: 'k', name: 'bot', partial_key_hint: 'x', status: 'inactive', created_at: '2020-01-01' },
    [],
  ],
  [
    'an old key of Anthropic',
    { type: 'api_key', id: 'k', name: 'bot', partial_key_hint: 'x', status: 'active', created_at: '2026-01-01' },
    ['credential/old medium'],
  ],
  [
    'a checkout key of a person',
    { 'public-key': 'ssh-rsa A', type: 'github-user-key', fingerprint: 'a:b', 'created-at': NEW },
    ['credential/of-a-person medium', 'credential/without-end medium'],
  ],
  [
    'a webhook of CircleCI',
    { id: 'w', name: 'n', url: 'https://x.example', verify_tls: true, signing_secret: '****', events: [] },
    [],
  ],
  [
    'an unsigned webhook of CircleCI',
    { id: 'w', name: 'n', url: 'http://x.example', verify_tls: false, signing_secret: '', events: [] },
    ['webhook/unchecked-tls medium', 'webhook/unsigned medium'],
  ],
  [
    'an administrator at Databricks',
    { applicationId: 'a', displayName: 'etl', active: true, groups: [{ display: 'admins' }] },
    ['account/broad-role high'],
  ],
  [
    'a token of Databricks without an end',
    { token_id: 't', creation_time: 1785542400000, expiry_time: -1 },
    ['credential/without-end medium'],
  ],
  [
    'a federation of Databricks',
    { name: 'f', uid: 'u', oidc_policy: { issuer: 'https://i.example', subject: 'repo:acme/*' } },
    ['federation/wildcard medium'],
  ],
  ['a client of Keycloak', client({}), []],
  [
    'a client of Keycloak with a secret and every scope',
    client({ clientAuthenticatorType: 'client-secret', fullScopeAllowed: true }),
    ['app/static-secret low', 'app/wide-scopes high'],
  ],
  [
    'a client of Keycloak that takes passwords',
    client({ directAccessGrantsEnabled: true, redirectUris: ['https://shop.example/*'] }),
    ['app/loose-redirect medium', 'app/password-grant medium'],
  ],
  ['a client of Keycloak that is off', client({ enabled: false, directAccessGrantsEnabled: true }), []],
  ['a deploy key of Netlify', { id: 'd', public_key: 'ssh-rsa A', created_at: NEW }, ['credential/without-end medium']],
  ['an application of Scaleway', { id: 'a', name: 'n', organization_id: 'o', nb_api_keys: 1 }, []],
  [
    'a key of a person at Scaleway',
    { access_key: 'SCW', default_project_id: 'p', description: 'd', created_at: NEW, expires_at: null, user_id: 'u' },
    ['credential/of-a-person medium', 'credential/without-end medium'],
  ],
  ['a service user of Snowflake', user({}), []],
  [
    'a service user of Snowflake that may do all',
    user({ default_role: 'ACCOUNTADMIN', network_policy: null, has_password: true }),
    ['account/from-anywhere low', 'account/superuser high', 'app/static-secret low'],
  ],
  [
    'a token of Snowflake',
    {
      name: 't',
      user_name: 'BOT',
      role_restriction: '',
      status: 'ACTIVE',
      created_on: '1785542400.5',
      expires_at: '1790000000.1',
    },
    ['credential/unrestricted medium'],
  ],
  [
    'a key of Supabase that goes around all policies',
    {
      id: 'service_role',
      type: 'legacy',
      name: 'service_role',
      prefix: 'x',
      secret_jwt_template: null,
      inserted_at: NEW,
    },
    ['app/wide-scopes high', 'credential/without-end medium'],
  ],
  ['a token of Vercel', { id: 'ect_1', label: 'read', createdAt: 1785542400000 }, ['credential/without-end medium']],
  ['an integration of Vercel', { id: 'icfg_1', slug: 'x', projectSelection: 'all' }, ['app/wide-scopes high']],
  ['a webhook of Vercel', { id: 'whk_1', url: 'http://x.example' }, ['webhook/unchecked-tls medium']],
])

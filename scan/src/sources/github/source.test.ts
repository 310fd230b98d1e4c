import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { readSource } from '../../../test/read-source.ts'
import { sshLine } from '../../../test/ssh-keys.ts'
import { githubSource } from './source.ts'

const pat = (more: object) => ({
  token_id: 1,
  token_name: 'ci',
  owner: { login: 'ann' },
  permissions: { repository: { contents: 'read' } },
  repository_selection: 'selected',
  access_granted_at: '2026-08-01T00:00:00Z',
  token_last_used_at: '2026-08-30T00:00:00Z',
  token_expires_at: '2026-10-01T00:00:00Z',
  ...more,
})
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBPPVXDPOsdqf0ysUXYD8BY/6D8Y7wO1gY5k9J0E9z7R ci'
const deployKey = (more: object) => ({
  id: 7,
  key: KEY,
  title: 'ci',
  read_only: true,
  url: 'https://api.github.com/repos/acme/shop/keys/7',
  created_at: '2026-08-01T00:00:00Z',
  ...more,
})
const hook = (config: object, more: object = {}) => ({
  type: 'Repository',
  active: true,
  events: ['push'],
  config: { url: 'https://ci.acme.example/hook', secret: '********', insecure_ssl: '0', ...config },
  ...more,
})
const app = (more: object) => ({
  app_id: 9,
  app_slug: 'bot',
  account: { login: 'acme' },
  repository_selection: 'selected',
  permissions: { contents: 'write' },
  ...more,
})

testExports(githubSource, [
  ['a token that reads', pat({}), []],
  [
    'a token that writes',
    pat({ permissions: { repository: { contents: 'write' } } }),
    ['credential/of-a-person medium'],
  ],
  [
    'a token that writes everywhere',
    pat({ permissions: { repository: { contents: 'write' } }, repository_selection: 'all' }),
    ['app/wide-scopes high', 'credential/of-a-person medium'],
  ],
  [
    'a token that changes members',
    pat({ permissions: { organization: { members: 'write' } } }),
    ['app/wide-scopes high', 'credential/of-a-person medium'],
  ],
  ['a token that never ends', pat({ token_expires_at: null }), ['credential/without-end medium']],
  [
    'a token that nobody uses',
    pat({ access_granted_at: '2026-05-01T00:00:00Z', token_last_used_at: null }),
    ['credential/unused medium'],
  ],
  ['a token that is over', pat({ token_expired: true, token_expires_at: null }), []],
  [
    'a classic token that administers',
    {
      credential_id: 2,
      credential_type: 'personal access token',
      login: 'ann',
      scopes: ['admin:org'],
      credential_authorized_at: '2026-08-01T00:00:00Z',
    },
    ['app/wide-scopes high'],
  ],
  ['an app on some repositories', app({}), []],
  ['an app that writes to all', app({ repository_selection: 'all' }), ['app/wide-scopes high']],
  ['an app that is suspended', app({ repository_selection: 'all', suspended_at: '2026-01-01T00:00:00Z' }), []],
  ['an app that changes workflows', app({ permissions: { workflows: 'write' } }), ['app/wide-scopes high']],
  ['a deploy key that reads', deployKey({}), ['credential/without-end medium']],
  [
    'a deploy key that writes',
    deployKey({ read_only: false }),
    ['account/deploy-key-writes medium', 'credential/without-end medium'],
  ],
  ['a signed webhook', hook({}), []],
  ['an unsigned webhook', hook({ secret: undefined }), ['webhook/unsigned medium']],
  ['a webhook that checks nothing', hook({ insecure_ssl: '1' }), ['webhook/unchecked-tls medium']],
  ['a webhook that is off', hook({ secret: undefined }, { active: false }), []],
  [
    'a secret of some repositories',
    {
      secrets: [
        {
          name: 'NPM_TOKEN',
          created_at: '2026-08-01T00:00:00Z',
          updated_at: '2026-08-01T00:00:00Z',
          visibility: 'selected',
        },
      ],
    },
    [],
  ],
  [
    'an old secret of all repositories',
    {
      secrets: [
        {
          name: 'NPM_TOKEN',
          created_at: '2024-01-01T00:00:00Z',
          updated_at: '2026-01-01T00:00:00Z',
          visibility: 'all',
        },
      ],
    },
    ['credential/old medium', 'credential/visible-to-all medium'],
  ],
])

test('a deploy key of 1024 bits is told as weak, with its bits', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const { related, rulesFound } = readSource(githubSource, deployKey({ key: sshLine(publicKey) }), 'keys.json')
  assert.ok(rulesFound.includes('credential/weak-key high'))
  assert.ok(related[0]?.traits.some(({ detail }) => detail.endsWith(': RSA of 1024 bits')))
})

test('a deploy key is known by its fingerprint, one that is cut short by its id, and a variable is no secret', () => {
  const keyOf = (content: unknown) => readSource(githubSource, content, 'x.json').sightings[0]?.stableKey
  assert.match(keyOf(deployKey({})) ?? '', /^ssh-key:SHA256:[A-Za-z0-9+/]{43}$/)
  assert.equal(keyOf(deployKey({ key: 'ssh-ed25519 AAAAC3Nz...' })), 'github-deploy-key:7')
  assert.equal(keyOf(deployKey({ key: KEY.replace('ssh-ed25519', 'ssh-rsa') })), 'github-deploy-key:7')
  assert.equal(keyOf({ variables: [{ name: 'A', value: 'x', updated_at: '2026-08-01T00:00:00Z' }] }), undefined)
})

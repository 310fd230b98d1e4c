import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { findingRules, openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { type FakeVendor, passesSuite, type Reply, startVendor, type VendorRequest } from './fake-vendor.ts'

// The REST API of GitHub as its OpenAPI description has it: two items a page, the next one by the Link header.

const PAGE = 2
const SSH = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ'

const token = (id: number) => ({
  ...{ token_id: id, token_name: `nightly-${id}`, token_expired: false, owner: { login: 'ada' } },
  ...{ repository_selection: 'all', permissions: { repository: { contents: 'write' } } },
  ...{ access_granted_at: '2026-01-01T00:00:00Z', token_expires_at: null, token_last_used_at: null },
})
const installation = (id: number) => ({
  ...{ id, app_id: id, app_slug: `app-${id}`, account: { login: 'acme' }, repository_selection: 'selected' },
  ...{ permissions: { issues: 'read' }, events: [], suspended_at: null },
})
const hook = (url: string) => ({
  id: 1,
  events: ['push'],
  active: true,
  config: { url, insecure_ssl: '0', secret: '********' },
})
const deployKey = (repository: string, tail: string) => ({
  ...{ id: 7, title: 'deploy', key: `${SSH}${tail}`, read_only: false, created_at: '2026-01-01T00:00:00Z' },
  ...{ url: `https://api.github.com/repos/${repository}/keys/7`, added_by: 'ada', last_used: null },
})
const secret = (name: string) => ({ name, created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' })

interface Lists {
  [path: string]: unknown[]
}

const lists = (): Lists => ({
  '/orgs/acme/installations': [1, 2, 3].map(installation),
  '/orgs/acme/personal-access-tokens': [11, 12, 13].map(token),
  '/orgs/acme/credential-authorizations': [],
  '/orgs/acme/hooks': [hook('https://ci.example/a')],
  '/orgs/acme/actions/secrets': [{ ...secret('DEPLOY_KEY'), visibility: 'all' }],
  '/orgs/acme/repos': ['acme/orders', 'acme/billing', 'acme/site'].map((name) => ({ full_name: name })),
  '/repos/acme/orders/keys': [deployKey('acme/orders', 'a'.repeat(32))],
  '/repos/acme/site/hooks': [hook('https://ci.example/b')],
  '/repos/acme/billing/actions/secrets': [secret('NPM_TOKEN')],
})

const KEYED: Readonly<Record<string, string>> = { installations: 'installations', secrets: 'secrets' }

const PARTS: readonly [RegExp, string][] = [
  [/^\/orgs\/acme\/installations$/, 'installations'],
  [/^\/orgs\/acme\/personal-access-tokens$/, 'tokens'],
  [/^\/orgs\/acme\/credential-authorizations$/, 'credentials'],
  [/^\/orgs\/acme\/hooks$/, 'hooks'],
  [/^\/orgs\/acme\/actions\/secrets$/, 'secrets'],
  [/^\/orgs\/acme\/repos$/, 'repositories'],
  [/\/keys$/, 'deploy-keys'],
  [/\/hooks$/, 'repository-hooks'],
  [/\/secrets$/, 'repository-secrets'],
]

const fakeGithub = (all: Lists): FakeVendor => ({
  vendor: 'github',
  secret: 'a token that nobody has',
  settings: (url) => ({ organisation: 'acme', api: url }),
  partOf: ({ url }) => PARTS.find(([path]) => path.test(url.pathname))?.[1] ?? '',
  answer: (request, url) => pageOf(request, url, all),
})

const pageOf = ({ url: { pathname, searchParams }, headers }: VendorRequest, url: string, all: Lists): Reply => {
  if (headers.authorization !== 'Bearer a token that nobody has') return { status: 401, body: '{}' }
  const page = Number(searchParams.get('page') ?? '1')
  const items = all[pathname] ?? []
  const part = items.slice((page - 1) * PAGE, page * PAGE)
  const keyed = KEYED[pathname.split('/').at(-1) ?? '']
  const body = JSON.stringify(keyed === undefined ? part : { total_count: items.length, [keyed]: part })
  const last = `<${url}${pathname}?page=1>; rel="first"`
  const next = `<${url}${pathname}?page=${page + 1}>; rel="next", ${last}`
  return { body, headers: { link: items.length > page * PAGE ? next : last } }
}

const KEYS = [
  ...['github-app:1', 'github-app:2', 'github-app:3', 'github-token:11', 'github-token:12', 'github-token:13'],
  ...['github-webhook:https://ci.example/a', 'github-webhook:https://ci.example/b'],
  ...['github-secret::github/acme/secrets.json:secrets/DEPLOY_KEY'],
  ...['github-secret::github/acme/billing/secrets.json:secrets/NPM_TOKEN'],
  'ssh-key:SHA256:Lnvj+S2WBIRtrCdvaQbDMKfDZBhED9p5YQoyervM/eM',
]

onEveryEngine(
  'an organisation on GitHub: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = lists()
    const tokens = all['/orgs/acme/personal-access-tokens'] ?? []
    const { live, vendor } = await passesSuite(room, t, {
      fake: fakeGithub(all),
      keys: KEYS,
      part: 'tokens',
      needs: /\(403\): it takes an app with organisation permission/,
      takeAway: { key: 'github-token:13', act: () => void tokens.pop() },
    })
    assert.deepEqual(await findingRules(live, 'github-token:11'), [
      ...['app/wide-scopes', 'credential/of-a-person', 'credential/old', 'credential/unused', 'credential/without-end'],
    ])
    // One repository that may not be read costs no other its own, and closes nothing.
    vendor.trouble.set('deploy-keys', 'forbids')
    const lacking = await live.run('live')
    assert.deepEqual([lacking.outcome, lacking.gone, lacking.gaps.length], ['partial', 0, 1])
  },
)

onEveryEngine(
  'an app on GitHub proves itself by its key, and asks with the token of its installation alone',
  async (room, t) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    const proofs: string[] = []
    const fake = fakeGithub(lists())
    const app: FakeVendor = {
      ...fake,
      secret: pem,
      settings: (url) => ({ ...fake.settings(url), app: 'Iv1.abc', installation: '42' }),
      answer: (request, url) => {
        if (request.url.pathname !== '/app/installations/42/access_tokens') return fake.answer(request, url)
        proofs.push(String(request.headers.authorization).replace('Bearer ', ''))
        const expires = new Date(room.clock.now().getTime() + 3_600_000).toISOString()
        return { status: 201, body: JSON.stringify({ token: fake.secret, expires_at: expires }) }
      },
    }
    const vendor = await startVendor(t, app)
    const live = await openLive(room)
    const input = { name: 'live', vendor: 'github', settings: app.settings(vendor.url), secret: pem }
    await live.call('inventory.connector.add', input)
    assert.equal((await live.run('live')).outcome, 'complete')
    assert.equal(proofs.length, 1, 'one token for the whole run')
    const { payload } = await jwtVerify(proofs[0] ?? '', publicKey, {
      issuer: 'Iv1.abc',
      currentDate: room.clock.now(),
    })
    assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 600)
  },
)

onEveryEngine('a next page at another server is not asked, and its name gets no credential', async (room, t) => {
  const fake = fakeGithub(lists())
  const thief = await startVendor(t, fake)
  const vendor = await startVendor(t, {
    ...fake,
    answer: (request, url) => {
      const reply = fake.answer(request, url)
      return { ...reply, headers: { link: (reply.headers?.link ?? '').replace(url, thief.url) } }
    },
  })
  const live = await openLive(room)
  const input = { name: 'live', vendor: 'github', settings: fake.settings(vendor.url), secret: fake.secret }
  await live.call('inventory.connector.add', input)
  const run = await live.run('live')
  assert.equal(run.outcome, 'partial')
  assert.match(JSON.stringify(run.gaps), /another server/)
  assert.deepEqual(thief.asked, [])
})

onEveryEngine('a name like a secret, or as no text is, keeps nothing else from being taken in', async (room, t) => {
  const all = lists()
  const url = 'https://ci:hunter2hunter2@ci.example/hook'
  all['/orgs/acme/hooks'] = [hook(url), hook('https://ci.example/a')]
  const odd = [
    '\ud800half',
    'nul\u0000',
    'line\nbreak',
    `ghp_${'a1'.repeat(18)}`,
    'x'.repeat(9000),
    '\u202eturned',
    `api_key=${'z9'.repeat(9)}`,
    `eyJ${'abc1'.repeat(6)}.${'abc1'.repeat(4)}.x`,
    `reeve_ak_${'a1'.repeat(12)}`,
  ]
  all['/orgs/acme/installations'] = odd.map((name, at) => ({ ...installation(at + 1), app_slug: name }))
  const fake = fakeGithub(all)
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const input = { name: 'live', vendor: 'github', settings: fake.settings(vendor.url), secret: fake.secret }
  await live.call('inventory.connector.add', input)
  const run = await live.run('live')
  assert.deepEqual([run.outcome, run.gaps], ['complete', []])
  const seen = JSON.stringify((await live.call('inventory.sighting.list', { limit: 200 })).items)
  assert.equal(seen.match(/github-app:/g)?.length, odd.length)
  assert.match(seen, /"stableKey":"github-webhook:https:\/\/ci\.example\/a"/)
  assert.doesNotMatch(seen, /hunter2|ghp_a1a1/)
})

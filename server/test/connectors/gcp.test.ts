import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gcpSource } from '../../src/connectors/gcp/source.ts'
import { createOutbound } from '../../src/kit/fetch.ts'
import { findingRules, openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { googleError, pageOf, READER_KEY, tokenFor, tokenOf } from './fake-google.ts'
import { type FakeVendor, passesSuite, type Reply, startVendor, type VendorRequest } from './fake-vendor.ts'
import { tagsAreWritten } from './tags-are-written.ts'

// Cloud Asset Inventory as its reference has it: `assets` by type, `:searchAllIamPolicies`, two a page.

const TOKEN = tokenOf({ scope: 'https://www.googleapis.com/auth/cloud-platform' })
const SCOPE = 'organizations/42'
const email = (name: string): string => `${name}@acme.iam.gserviceaccount.com`
const DEFAULT = '1234-compute@developer.gserviceaccount.com'
const POOLS = 'projects/1/locations/global/workloadIdentityPools'
const ISSUER = { issuerUri: 'https://token.actions.githubusercontent.com' }

interface Asset {
  readonly type: string
  readonly name: string
  readonly data: Record<string, unknown>
}

const asset = (type: string, name: string, data: object): Asset => ({ type, name, data: { ...data } })
const account = (name: string): Asset =>
  asset('iam.googleapis.com/ServiceAccount', `projects/acme/serviceAccounts/${email(name)}`, {
    ...{ name: `projects/acme/serviceAccounts/${email(name)}`, email: email(name), uniqueId: '7', projectId: 'acme' },
  })
const accountKey = (id: string, keyType: string): Asset =>
  asset('iam.googleapis.com/ServiceAccountKey', `projects/acme/serviceAccounts/7/keys/${id}`, {
    ...{ name: `projects/acme/serviceAccounts/${email('deploy')}/keys/${id}`, keyType },
    ...{ validAfterTime: '2024-01-01T00:00:00Z', validBeforeTime: '9999-12-31T23:59:59Z' },
  })
const secret = (name: string, more: object = {}): Asset =>
  asset('secretmanager.googleapis.com/Secret', name, {
    ...{ name, createTime: '2026-01-01T00:00:00Z', replication: { automatic: {} }, etag: '"1"' },
    ...more,
  })

const estate = () => ({
  assets: [
    ...['deploy', 'nightly', 'site'].map(account),
    accountKey('0123456789abcdef', 'USER_MANAGED'),
    accountKey('fedcba9876543210', 'SYSTEM_MANAGED'),
    asset('iam.googleapis.com/WorkloadIdentityPool', `${POOLS}/ci`, { name: `${POOLS}/ci`, state: 'ACTIVE' }),
    asset('iam.googleapis.com/WorkloadIdentityPool', `${POOLS}/old`, { name: `${POOLS}/old`, disabled: true }),
    ...['ci', 'old'].map((pool) =>
      asset('iam.googleapis.com/WorkloadIdentityPoolProvider', `${POOLS}/${pool}/providers/github`, {
        ...{ name: `${POOLS}/${pool}/providers/github`, state: 'ACTIVE', oidc: ISSUER },
      }),
    ),
    asset('iam.googleapis.com/WorkloadIdentityPoolProvider', `${POOLS}/ci/providers/gone`, {
      ...{ name: `${POOLS}/ci/providers/gone`, state: 'DELETED', oidc: ISSUER },
    }),
    asset('apikeys.googleapis.com/Key', 'projects/1/locations/global/keys/k1', {
      ...{ name: 'projects/1/locations/global/keys/k1', displayName: 'maps', createTime: '2026-01-01T00:00:00Z' },
    }),
    ...['db-password', 'stripe'].map((name) => secret(`projects/1/secrets/${name}`)),
    secret('projects/1/locations/europe-west3/secrets/near', { replication: undefined }),
    asset('compute.googleapis.com/Instance', 'projects/acme/zones/a/instances/vm1', {
      ...{
        name: 'vm1',
        serviceAccounts: [{ email: DEFAULT }],
        metadata: { items: [{ key: 'x', value: 'PASSWORD=1' }] },
      },
    }),
    asset('run.googleapis.com/Service', 'projects/acme/locations/l/services/shop', {
      ...{ metadata: { name: 'shop' }, spec: { template: { spec: { serviceAccountName: email('site') } } } },
    }),
    asset('iam.googleapis.com/Role', 'projects/acme/roles/ops', {
      ...{ name: 'projects/acme/roles/ops', includedPermissions: ['iam.serviceAccounts.actAs'] },
    }),
  ],
  policies: [
    {
      resource: '//cloudresourcemanager.googleapis.com/projects/acme',
      policy: {
        bindings: [
          { role: 'projects/acme/roles/ops', members: [`serviceAccount:${email('nightly')}`, 'user:ann@acme.example'] },
          { role: 'roles/owner', members: ['group:all@acme.example'] },
        ],
      },
    },
    { resource: '//storage.googleapis.com/b', policy: { bindings: [{ role: 'roles/viewer', members: ['allUsers'] }] } },
    { resource: '//cloudresourcemanager.googleapis.com/projects/empty', policy: { etag: 'x' } },
  ],
})

const PARTS: readonly [RegExp, string][] = [
  [/\/ServiceAccount$/, 'service-accounts'],
  [/\/ServiceAccountKey$/, 'service-account-keys'],
  [/\/WorkloadIdentityPool$/, 'workload-identity'],
  [/^apikeys/, 'api-keys'],
  [/^secretmanager/, 'secrets'],
  [/\/Role$/, 'roles'],
  [/./, 'workloads'],
]

const partOf = ({ url }: VendorRequest): string => {
  if (url.pathname === '/oauth2/token') return 'token'
  if (url.pathname.endsWith(':searchAllIamPolicies')) return 'policies'
  const type = url.searchParams.get('assetTypes') ?? ''
  return PARTS.find(([form]) => form.test(type))?.[1] ?? ''
}

const fakeGcp = ({ assets, policies }: ReturnType<typeof estate>): FakeVendor => ({
  vendor: 'gcp',
  secret: READER_KEY,
  settings: (url) => ({ scope: SCOPE, endpoint: url }),
  partOf,
  answer: (request) => {
    const { url, headers } = request
    if (url.pathname === '/oauth2/token') return tokenFor(request)
    if (headers.authorization !== `Bearer ${TOKEN}`) return googleError(401, 'authError')
    if (url.pathname === `/cloudasset/v1/${SCOPE}:searchAllIamPolicies`) return pageOf(request, 'results', policies)
    assert.equal(url.pathname, `/cloudasset/v1/${SCOPE}/assets`)
    assert.equal(url.searchParams.get('contentType'), 'RESOURCE')
    const types = url.searchParams.getAll('assetTypes')
    const found = assets
      .filter(({ type }) => types.includes(type))
      .map(({ type, name, data }) => ({
        ...{ name: `//${type.split('/')[0]}/${name}`, assetType: type, ancestors: [SCOPE] },
        resource: { version: 'v1', discoveryName: type.split('/')[1], data },
      }))
    return pageOf(request, 'assets', found, { readTime: '2026-11-01T00:00:00Z' })
  },
})

const KEYS = [
  ...['deploy', 'nightly', 'site'].map((name) => `gcp:${email(name)}`),
  `gcp:${DEFAULT}`,
  'gcp:allUsers',
  ...['ci', 'old'].map((pool) => `gcp:${POOLS}/${pool}/providers/github`),
  'gcp:projects/1/locations/global/keys/k1',
  ...['secrets/db-password', 'secrets/stripe', 'locations/europe-west3/secrets/near'].map(
    (name) => `gcp:projects/1/${name}`,
  ),
]

onEveryEngine(
  'an organisation of Google Cloud: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = estate()
    const { live, vendor } = await passesSuite(room, t, {
      fake: fakeGcp(all),
      keys: KEYS,
      part: 'secrets',
      needs: /\(403\): it takes cloudasset\.assets\.listResource/,
      takeAway: {
        key: 'gcp:projects/1/secrets/stripe',
        act: () =>
          void all.assets.splice(
            all.assets.findIndex(({ name }) => name === 'projects/1/secrets/stripe'),
            1,
          ),
      },
    })
    const rules = async (name: string) =>
      (await findingRules(live, `gcp:${name}`)).filter((rule) => !/unowned/.test(rule))
    assert.deepEqual(await rules(email('deploy')), ['credential/old', 'credential/without-end'])
    assert.deepEqual(await rules(email('nightly')), ['account/becomes-others'], 'by a role of their own making')
    assert.deepEqual(await rules(DEFAULT), ['account/shared-default'])
    assert.deepEqual(await rules('allUsers'), ['account/public'])
    assert.deepEqual(await rules(`${POOLS}/ci/providers/github`), ['federation/open'])
    assert.deepEqual(await rules(`${POOLS}/old/providers/github`), [], 'its pool is off')
    const tokens = vendor.asked.filter((request) => partOf(request) === 'token').length
    assert.equal(tokens, 5, 'one token for each run')
  },
)

onEveryEngine(
  'a word of Google for too many calls is waited for, and one for a wrong key is told as that',
  async (room, t) => {
    const fake = fakeGcp(estate())
    const first: Reply[] = [googleError(403, 'rateLimitExceeded'), googleError(403, 'rateLimitExceeded')]
    let refusal: Reply | undefined
    const vendor = await startVendor(t, {
      ...fake,
      answer: (request, url) => (partOf(request) === 'token' ? refusal : first.shift()) ?? fake.answer(request, url),
    })
    const live = await openLive(room)
    const input = { name: 'live', vendor: 'gcp', settings: fake.settings(vendor.url), secret: fake.secret }
    await live.call('inventory.connector.add', input)
    assert.equal((await live.run('live')).outcome, 'complete')
    assert.deepEqual(live.waited, [2, 4], 'longer each time')
    const asked = vendor.asked.length
    refusal = { status: 400, body: '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}' }
    const wrong = await live.run('live')
    assert.equal(wrong.outcome, 'failed')
    assert.deepEqual(
      [...new Set(wrong.gaps.map(({ why }: { why: string }) => why))],
      ['its credential was not accepted (401)'],
    )
    assert.equal(vendor.asked.length, asked + 1, 'a key that is refused is not tried for each part')
    assert.equal(live.waited.length, 2, 'nor waited for')
  },
)

/** What has labels of its own at its own service: read, and written whole with the etag that was read. */
const labelled = (path: string, field: string, thing: Asset): FakeVendor => {
  const fake = fakeGcp({ ...estate(), assets: [thing] })
  const { data } = thing
  return {
    ...fake,
    partOf: (request) =>
      request.method === 'PATCH' ? 'patch' : request.url.pathname === path ? 'label' : partOf(request),
    answer: (request, url) => {
      if (request.url.pathname !== path) return fake.answer(request, url)
      if (request.method === 'GET') return { body: JSON.stringify(data) }
      const body = JSON.parse(request.body)
      assert.deepEqual(Object.keys(body).sort(), ['etag', field].sort())
      assert.equal(request.url.searchParams.get('updateMask'), field)
      if (body.etag !== data.etag) return googleError(409, 'aborted')
      Object.assign(data, { [field]: body[field], etag: `"${Number(String(data.etag).slice(1, -1)) + 1}"` })
      return { body: '{}' }
    },
  }
}

const textsOf = (value: unknown): Record<string, string> => Object.assign({}, value)

for (const [what, path, field, own, thing] of [
  [
    'labels of secrets',
    '/secretmanager/v1/projects/1/secrets/db-password',
    'labels',
    'reeve-',
    () => secret('projects/1/secrets/db-password', { labels: { cost: '42' } }),
  ],
  [
    'annotations of keys of APIs',
    '/apikeys/v2/projects/1/locations/global/keys/k1',
    'annotations',
    'reeve.dev/',
    () =>
      asset('apikeys.googleapis.com/Key', 'projects/1/locations/global/keys/k1', {
        ...{
          name: 'projects/1/locations/global/keys/k1',
          displayName: 'maps',
          etag: '"1"',
          annotations: { cost: '42' },
        },
      }),
  ],
] as const)
  onEveryEngine(`${what} are proposed or written as the mode says, each on record`, async (room, t) => {
    const one = thing()
    await tagsAreWritten(room, t, {
      fake: labelled(path, field, one),
      key: `gcp:${String(one.data.name)}`,
      tags: () => textsOf(one.data[field]),
      own: (name) => `${own}${name}`,
      set: (tag, value) => {
        one.data[field] = { ...textsOf(one.data[field]), [tag]: value }
      },
      writes: 'patch',
    })
  })

onEveryEngine('what cannot be asked is told when it is added, and not at its first run', async (room) => {
  const live = await openLive(room)
  const add = (vendor: string, settings: object, more: object = {}) =>
    live.call('inventory.connector.add', { name: 'live', vendor, settings, ...more })
  const provider = `//iam.googleapis.com/${POOLS}/home/providers/reeve`
  const wrong: readonly [string, object, RegExp][] = [
    ['gcp', { scope: 'projects/acme', endpoint: 'https://google.example' }, /only Google itself is asked/],
    ['gcp', { scope: 'projects/acme', provider }, /a token of that issuer as the secret/],
    ['gcp', { scope: 'projects/acme', provider: `${provider}/x` }, /full name of a provider/],
    ['gcp', { scope: 'acme' }, /organizations\/NUMBER, folders\/NUMBER or projects\/ID/],
    ['gcp', { scope: 'projects/acme/../x' }, /organizations\/NUMBER/],
    ['google-workspace', { serviceAccount: 'ann@acme.example' }, /mail address of a service account/],
    ['google-workspace', { customer: 'acme/../x' }, /id of a customer/],
  ]
  for (const [vendor, settings, why] of wrong)
    await assert.rejects(add(vendor, settings), (error: Error) => {
      assert.match(error.message, why)
      return true
    })
  await assert.rejects(add('google-workspace', {}, { mode: 'propose' }), /only read/)
  await add('gcp', { scope: 'projects/acme' })
})

test('labels that somebody changes between the reading and the writing are kept, and the write fails', async (t) => {
  const one = secret('projects/1/secrets/db-password', { labels: { cost: '42' } })
  const path = '/secretmanager/v1/projects/1/secrets/db-password'
  const fake = labelled(path, 'labels', one)
  const vendor = await startVendor(t, {
    ...fake,
    answer: (request, url) => {
      const reply = fake.answer(request, url)
      if (request.method === 'GET' && request.url.pathname === path)
        Object.assign(one.data, { labels: { cost: '43' }, etag: '"9"' })
      return reply
    },
  })
  const { signal } = new AbortController()
  const reach = createOutbound({ privateNetworks: ['127.0.0.0/8'] })
  const asking = { secret: READER_KEY, reach, signal, now: () => new Date(), wait: async () => undefined }
  const write = gcpSource({ scope: SCOPE, endpoint: vendor.url }).write ?? assert.fail()
  const set = { owner: 'team-a' }
  await assert.rejects(write(asking, { key: 'gcp:projects/1/secrets/db-password', set }), { status: 409 })
  assert.deepEqual(one.data.labels, { cost: '43' })
  for (const key of ['gcp:deploy@acme.iam.gserviceaccount.com', 'gcp:projects/1/secrets/../x', 'aws:arn'])
    await assert.rejects(write(asking, { key, set }), /no secret and no key/)
})

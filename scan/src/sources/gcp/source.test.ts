import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { meaningsOf } from '../../posture/meaning.ts'
import { gcpSource } from './source.ts'

const read = (content: unknown, path = 'export.json') => readSource(gcpSource, content, path)

const SA = 'deploy@acme.iam.gserviceaccount.com'
const bound = (
  role: string,
  member = `serviceAccount:${SA}`,
  on = '//cloudresourcemanager.googleapis.com/projects/acme',
) => [
  {
    resource: on,
    policy: { bindings: [{ role, members: [member, 'user:ann@acme.example', 'group:all@acme.example'] }] },
  },
]
const key = (more: object) => [
  {
    name: `projects/acme/serviceAccounts/${SA}/keys/0123456789abcdef`,
    validAfterTime: '2026-08-01T00:00:00Z',
    validBeforeTime: '2026-10-01T00:00:00Z',
    keyType: 'USER_MANAGED',
    ...more,
  },
]
const provider = (more: object) => [
  {
    name: 'projects/1/locations/global/workloadIdentityPools/ci/providers/github',
    oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
    ...more,
  },
]

const NAME = `//iam.googleapis.com/projects/acme/serviceAccounts/${SA}`
const activity = (usedOn: string | undefined, keyId?: string) => ({
  activity: {
    ...(usedOn === undefined ? {} : { lastAuthenticatedTime: `${usedOn}T07:00:00Z` }),
    [keyId === undefined ? 'serviceAccount' : 'serviceAccountKey']: { projectNumber: '1', serviceAccountId: '2' },
  },
  activityType: keyId === undefined ? 'serviceAccountLastAuthentication' : 'serviceAccountKeyLastAuthentication',
  fullResourceName: keyId === undefined ? NAME : `${NAME}/keys/${keyId}`,
  observationPeriod: { endTime: '2026-08-30T07:00:00Z', startTime: '2025-03-12T07:00:00Z' },
})
const insight = (more: object) => ({
  name: 'projects/1/locations/global/insightTypes/google.iam.serviceAccount.Insight/insights/1',
  insightSubtype: 'SERVICE_ACCOUNT_USAGE',
  content: { email: SA, projectId: 'acme', serviceAccountId: '2', ...more },
  observationPeriod: '7776000s',
  lastRefreshTime: '2026-08-20T00:00:00Z',
  stateInfo: { state: 'ACTIVE' },
})
const listed = (more: object) => ({ email: SA, uniqueId: '1', projectId: 'acme', ...more })
const KEY_ID = '0123456789abcdef'
const service = { name: 'projects/acme/locations/eu/services/shop', template: { serviceAccount: SA } }
const OPEN = '//run.googleapis.com/projects/acme/locations/eu/services/shop'

const FACTS: readonly [string, unknown, string[]][] = [
  ['a viewer of a project', bound('roles/viewer'), []],
  ['an owner of a project', bound('roles/owner'), ['account/broad-role high']],
  [
    'an editor, where the policy does not say of what',
    { bindings: [{ role: 'roles/editor', members: [`serviceAccount:${SA}`] }] },
    ['account/broad-role high'],
  ],
  [
    'one that makes tokens of all accounts of a project',
    bound('roles/iam.serviceAccountTokenCreator'),
    ['account/becomes-others high'],
  ],
  [
    'one that makes tokens of one account',
    bound(
      'roles/iam.serviceAccountTokenCreator',
      undefined,
      `//iam.googleapis.com/projects/acme/serviceAccounts/${SA}`,
    ),
    [],
  ],
  [
    'a custom role that may act as others',
    {
      roles: [
        {
          name: 'projects/acme/roles/ops',
          includedPermissions: ['compute.instances.get', 'iam.serviceAccounts.actAs'],
        },
      ],
      results: bound('projects/acme/roles/ops'),
    },
    ['account/becomes-others high'],
  ],
  [
    'everybody',
    bound('roles/storage.objectViewer', 'allUsers', '//storage.googleapis.com/buckets/b'),
    ['account/public high'],
  ],
  [
    'everybody who has an account of Google',
    bound('roles/run.invoker', 'allAuthenticatedUsers'),
    ['account/public high'],
  ],
  [
    'a deleted account',
    bound('roles/viewer', `deleted:serviceAccount:${SA}?uid=1`),
    ['account/deleted-with-access low'],
  ],
  [
    'a whole pool',
    bound('roles/viewer', 'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*'),
    ['federation/open high'],
  ],
  ['a person alone', bound('roles/owner', 'user:bob@acme.example'), []],
  ['a key that ends soon', key({}), []],
  ['a key that never ends', key({ validBeforeTime: '9999-12-31T23:59:59Z' }), ['credential/without-end medium']],
  ['an old key', key({ validAfterTime: '2026-01-01T00:00:00Z' }), ['credential/old medium']],
  ['a key that Google keeps', key({ keyType: 'SYSTEM_MANAGED', validBeforeTime: '9999-12-31T23:59:59Z' }), []],
  ['a key that was disabled', key({ disabled: true, validBeforeTime: '9999-12-31T23:59:59Z' }), []],
  [
    'a key that has ended',
    key({ validAfterTime: '2020-01-01T00:00:00Z', validBeforeTime: '2021-01-01T00:00:00Z' }),
    [],
  ],
  ['a provider without a condition', provider({}), ['federation/open high']],
  ['a provider with a condition', provider({ attributeCondition: "assertion.repository_owner == 'acme'" }), []],
  ['a provider that is off', provider({ disabled: true }), []],
  [
    'a key of an API',
    [
      {
        name: 'projects/acme/locations/global/keys/k1',
        displayName: 'maps',
        createTime: '2026-08-01T00:00:00Z',
        restrictions: { apiTargets: [{ service: 'maps.googleapis.com' }] },
      },
    ],
    ['credential/without-end medium'],
  ],
  [
    'a key of every API',
    [{ name: 'projects/acme/locations/global/keys/k1', createTime: '2026-08-01T00:00:00Z' }],
    ['credential/unrestricted medium', 'credential/without-end medium'],
  ],
  ['an account that was used of late', [activity('2026-08-20')], []],
  ['an account that was used long ago', [activity('2026-01-01')], ['account/unused medium']],
  ['an account that did nothing while it was looked at', [activity(undefined)], ['account/unused medium']],
  [
    'an account that an older answer holds for unused',
    [activity(undefined), activity('2026-01-01'), activity('2026-08-20')],
    [],
  ],
  ['a key that was used of late', [activity('2026-08-20', KEY_ID)], []],
  ['a key that was used long ago', [activity('2026-01-01', KEY_ID)], ['credential/unused medium']],
  [
    'a key that did nothing since it was made',
    [...key({ validAfterTime: '2026-05-01T00:00:00Z' }), activity(undefined, KEY_ID)],
    ['credential/unused medium'],
  ],
  ['a new key that did nothing yet', [...key({}), activity(undefined, KEY_ID)], []],
  [
    'an account that Recommender holds for unused',
    [insight({ lastAuthenticatedTime: '2026-02-01T00:00:00Z' })],
    ['account/unused medium'],
  ],
  ['an account that Recommender never saw in use', [insight({})], ['account/unused medium']],
  ['a disabled account without anything', [listed({ disabled: true }), activity('2020-01-01')], []],
  [
    'a disabled account with a key and a role',
    [listed({ disabled: true }), ...key({ validBeforeTime: '9999-12-31T23:59:59Z' }), ...bound('roles/owner')],
    ['account/disabled-with-access low'],
  ],
  [
    'a strong account whose key never ends, and a service that strangers call runs as it',
    [
      service,
      ...key({ validBeforeTime: '9999-12-31T23:59:59Z' }),
      ...bound('roles/owner'),
      ...bound('roles/run.invoker', 'allUsers', OPEN),
    ],
    ['account/broad-role high', 'account/public high', 'credential/without-end medium', 'posture/high-risk critical'],
  ],
  [
    'the same, where strangers have to bring a reason',
    [
      service,
      ...key({ validBeforeTime: '9999-12-31T23:59:59Z' }),
      ...bound('roles/owner'),
      {
        resource: OPEN,
        policy: { bindings: [{ role: 'roles/run.invoker', members: ['allUsers'], condition: { expression: 'x' } }] },
      },
    ],
    ['account/broad-role high', 'account/public high', 'credential/without-end medium', 'posture/high-risk critical'],
  ],
  [
    'a strong account with a short-lived key that a whole pool may become',
    [
      ...key({}),
      ...bound('roles/owner'),
      ...bound(
        'roles/iam.workloadIdentityUser',
        'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*',
        NAME,
      ),
    ],
    ['account/broad-role high', 'federation/open high'],
  ],
  [
    'a strong account with a key that never ends that a whole pool may become',
    [
      ...key({ validBeforeTime: '9999-12-31T23:59:59Z' }),
      ...bound('roles/owner'),
      ...bound(
        'roles/iam.workloadIdentityUser',
        'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*',
        NAME,
      ),
    ],
    ['account/broad-role high', 'credential/without-end medium', 'federation/open high', 'posture/high-risk critical'],
  ],
  ...(
    [
      ['subject/repo:acme/shop:pull_request', 'principal', ['federation/pull-requests medium']],
      ['attribute.event_name/pull_request', 'principalSet', ['federation/pull-requests medium']],
      ['subject/repo:acme/shop:ref:refs/heads/main', 'principal', []],
    ] as const
  ).map(([who, kind, rules]): [string, unknown, string[]] => [
    `an account that ${who} may become`,
    bound(
      'roles/iam.workloadIdentityUser',
      `${kind}://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/${who}`,
      NAME,
    ),
    [...rules],
  ]),
  [
    'a provider that takes pull requests of a repository',
    provider({ attributeCondition: "assertion.sub == 'repo:acme/shop:pull_request'" }),
    ['federation/pull-requests medium'],
  ],
  [
    'a provider that takes pull requests among others',
    provider({ attributeCondition: "assertion.event_name in ['push', 'pull_request']" }),
    ['federation/pull-requests medium'],
  ],
  [
    'a provider that shuts out pull requests by a not',
    provider({ attributeCondition: "!(assertion.event_name == 'pull_request') && assertion.repository_id == '1'" }),
    [],
  ],
  [
    'a provider that takes whatever is no pull request',
    provider({ attributeCondition: "assertion.repository_id == '1' && assertion.event_name != 'pull_request'" }),
    [],
  ],
  [
    'an instance with the default account',
    [{ name: 'vm1', serviceAccounts: [{ email: '1234-compute@developer.gserviceaccount.com' }] }],
    ['account/shared-default medium'],
  ],
]

for (const [name, content, rules] of FACTS)
  test(`an export of Google with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems } = read(content)
    assert.deepEqual(problems, [])
    assert.deepEqual(rulesFound, rules)
  })

test('an account, its key, its role and what runs as it are one identity, with what it reaches', () => {
  const { related } = read([
    { email: SA, uniqueId: '1', projectId: 'acme', displayName: 'deployer' },
    ...key({}),
    ...bound('roles/storage.admin'),
    { name: 'function-1', serviceAccountEmail: SA },
  ])
  assert.deepEqual(
    related.map(({ stableKey }) => stableKey),
    [`gcp:${SA}`],
  )
  assert.deepEqual(
    related[0]?.reaches.map(({ what, access }) => `${access} ${what}`),
    ['admin projects/acme'],
  )
  assert.ok(related[0]?.evidence.includes('function-1 runs as it'))
})

test('an account is reachable by what runs as it where strangers may call that without bringing a reason', () => {
  const isReachable = (condition?: object) => {
    const bindings = [{ role: 'roles/run.invoker', members: ['allUsers'], ...(condition ? { condition } : {}) }]
    return read([service, { resource: OPEN, policy: { bindings } }]).related.some(({ traits }) =>
      traits.some(({ trait }) => trait === 'account:reachable'),
    )
  }
  assert.equal(isReachable(), true)
  assert.equal(isReachable({ expression: 'x' }), false)
})

test('an API key without an end is a way in from anywhere, unless it is limited to addresses', () => {
  const isReachable = (restrictions: object) =>
    read([
      {
        name: 'projects/1/locations/global/keys/k',
        displayName: 'k',
        createTime: '2026-08-01T00:00:00Z',
        restrictions,
      },
    ]).related.some((sighting) => meaningsOf(sighting).has('reachable'))
  assert.equal(isReachable({ apiTargets: [{ service: 'maps' }] }), true)
  assert.equal(isReachable({ serverKeyRestrictions: { allowedIps: ['203.0.113.7'] } }), false)
})

test('the age, the end and the last use of a key, from two lists, are one credential', () => {
  const { related } = read([...key({}), activity('2026-08-20', KEY_ID), activity('2026-07-01', KEY_ID)])
  assert.deepEqual(
    related[0]?.traits.map(({ detail }) => detail),
    [`key 89abcdef of ${SA}: made 2026-08-01, last used 2026-08-20, ends 2026-10-01`],
  )
})

test('answers of another form, and odd ones, are left alone', () => {
  for (const odd of [
    { ...activity('2026-01-01'), activityType: 'dnsServerLastUse' },
    { ...activity('2026-01-01'), fullResourceName: '//iam.googleapis.com/projects/acme/serviceAccounts/123456789' },
    { ...activity('2026-01-01', KEY_ID), fullResourceName: NAME },
    insight({ email: 'ann@acme.example' }),
    { ...insight({}), name: 'projects/1/locations/global/insightTypes/google.iam.policy.Insight/insights/1' },
    { activityType: ['serviceAccountLastAuthentication'], activity: 7, fullResourceName: {} },
  ])
    assert.deepEqual(read([{ note: SA }, odd]).related, [], JSON.stringify(odd))
})

test('an account of Kubernetes is named by its cluster, and the file of a key is a place of its account', () => {
  const { sightings } = read(bound('roles/iam.workloadIdentityUser', 'serviceAccount:acme.svc.id.goog[shop/api]', ''))
  assert.equal(sightings[0]?.stableKey, 'gcp:acme.svc.id.goog[shop/api]')
  const file = read({ type: 'service_account', client_email: SA, private_key: 'x', project_id: 'acme' }, 'key.json')
  assert.equal(file.sightings[0]?.stableKey, `gcp:${SA}`)
})

test('lines of JSON are read, lost lines and broken files are named, other shapes are left alone', () => {
  const lines = `${JSON.stringify(key({})[0])}\n\n{"broken\n${JSON.stringify(bound('roles/owner')[0])}\n`
  const read2 = read(lines, 'export.jsonl')
  assert.deepEqual(
    read2.problems.map(({ reason }) => reason),
    ['bad-line'],
  )
  assert.equal(read2.related.length, 1)
  assert.equal(read('{"bindings": [', 'x.json').problems[0]?.reason, 'bad-json')
  assert.equal(read({ a: 1 }).isWanted, false)
  for (const odd of [
    { members: [1, { role: [] }], role: 'x' },
    { bindings: { role: {}, members: 'allUsers' } },
    { role: 'roles/owner', members: [null, {}, 7, 'serviceAccount:'] },
  ])
    assert.deepEqual(read({ bindings: [odd] }).related, [], JSON.stringify(odd))
  assert.equal(read(`{"bindings":${'['.repeat(5000)}${']'.repeat(5000)}}`).problems[0]?.reason, 'bad-json')
})

test('a credential file of federation holds no secret, but tells who is trusted, how it proves itself, and what it becomes', () => {
  const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/github'
  const { sightings } = read(
    {
      type: 'external_account',
      audience,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: '/var/run/token' },
      service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${SA}:generateAccessToken`,
    },
    'credentials.json',
  )
  assert.deepEqual(
    sightings.map(({ stableKey, reaches }) => [stableKey, reaches.map(({ what }) => what)]),
    [
      ['gcp:projects/1/locations/global/workloadIdentityPools/ci/providers/github', [`service account ${SA}`]],
      [`gcp:${SA}`, []],
    ],
  )
  assert.match(sightings[0]?.evidence.join() ?? '', /the token in \/var\/run\/token/)
  assert.deepEqual(read({ type: 'external_account', audience: 'other' }, 'c.json').sightings, [])
})

import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const RESOURCE = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.export', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
}
const TEXT = {
  name: 'orders',
  file: 'policies/orders.cedar',
  text: [
    '@id("ticket")',
    'permit (principal, action == Reeve::Action::"orders.export", resource) when { principal.hasTag("ticket") };',
    '@id("office")',
    'forbid (principal is Reeve::Identity, action, resource) when { context has sourceIp && context.sourceIp == ip("198.51.100.9") };',
  ].join('\n'),
}
const GRANT = {
  identity: 'sync',
  resource: 'orders',
  actions: ['orders.read'],
  conditions: { credentialKinds: ['private_key_jwt'] },
  expiresAt: '30d',
}
const DIRECTORY = { directory: 'shop', resources: [RESOURCE], grants: [GRANT], policies: [TEXT] }
const CASE = { identity: 'sync', action: 'orders.read', resource: 'orders', expect: 'allow' }
const WITH_KEY = { credentialKind: 'private_key_jwt' }

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync' })
  policy.identities.put({ id: 'nhi_lab', name: 'lab', environment: 'staging', tags: { ticket: 'T-1' } })
  return policy
}

interface Tested {
  readonly isPassed: boolean
  readonly wrong: readonly string[]
  readonly decided: { readonly policies: readonly string[]; readonly missing: readonly string[] } | null
  readonly pairs: number | null
  readonly place: string | null
}

const tested = async (policy: PolicyBench, tests: readonly object[], change: object = {}): Promise<readonly Tested[]> =>
  (await policy.call('policy.access.test', { ...DIRECTORY, ...change, tests })).tests

onEveryEngine(
  'a case is decided by what would be applied, with its context and its tags, and says by whom',
  async (room) => {
    const policy = await open(room)
    const ended = await tested(policy, [
      { ...CASE, context: WITH_KEY, policies: ['grant orders'] },
      { ...CASE, expect: 'deny', missing: ['context.credentialKind'] },
      { ...CASE, action: 'orders.export', tags: { ticket: 'T-1' }, policies: ['ticket'] },
      { ...CASE, action: 'orders.export', expect: 'deny' },
      { ...CASE, context: { ...WITH_KEY, sourceIp: '198.51.100.9' }, expect: 'deny', policies: ['office'] },
      { ...CASE, context: { ...WITH_KEY, at: '2199-01-01T00:00:00Z' }, expect: 'deny' },
      { ...CASE, identity: 'lab', expect: 'deny', policies: ['reeve:environment-isolation'] },
    ])
    assert.deepEqual(
      ended.map(({ isPassed, wrong }) => [isPassed, ...wrong]),
      ended.map(() => [true]),
    )
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0, 'nothing was applied')
    assert.equal((await policy.call('policy.grant.list', { identity: 'sync' })).items.length, 0)
  },
)

onEveryEngine(
  'a case that ends otherwise fails with why, and so does one that names what is not there',
  async (room) => {
    const policy = await open(room)
    const ended = await tested(policy, [
      CASE,
      { ...CASE, context: WITH_KEY, expect: 'deny' },
      { ...CASE, context: WITH_KEY, policies: ['ticket'] },
      { ...CASE, expect: 'deny', missing: ['context.instance'] },
      { ...CASE, identity: 'nobody', expect: 'deny' },
      { ...CASE, resource: 'nothing', expect: 'deny' },
      { ...CASE, action: 'orders.raed', expect: 'deny' },
    ])
    const said = [
      /expected allow, and it is denied; .*credentialKind/,
      /expected deny, and it is allowed by grant orders/,
      /ticket did not decide it: it is allowed by grant orders/,
      /context\.instance was not missing, but context\.credentialKind/,
      /there is no identity nobody/,
      /there is no resource nothing/,
      /has no action orders\.raed/,
    ]
    for (const [at, one] of ended.entries()) {
      assert.equal(one.isPassed, false, String(said[at]))
      assert.match(one.wrong.join('\n'), said[at] ?? /never/)
    }
  },
)

onEveryEngine('a test is decided as a token request is decided after the directory was applied', async (room) => {
  const policy = await open(room)
  const asked = ['orders.read', 'orders.export', 'orders.write'].flatMap((action) =>
    ['sync', 'lab'].flatMap((identity) =>
      [undefined, '198.51.100.9'].flatMap((sourceIp) =>
        [undefined, 'private_key_jwt'].map((credentialKind) => ({ identity, action, sourceIp, credentialKind })),
      ),
    ),
  )
  const ended = await tested(
    policy,
    asked.map(({ identity, action, ...context }) => ({ ...CASE, identity, action, context, expect: 'allow' })),
  )
  await policy.call('policy.access.apply', DIRECTORY)
  for (const [at, question] of asked.entries()) {
    const can = await policy.call('policy.decision.can', { ...question, resource: 'orders' })
    const one = ended[at]
    assert.equal(one?.isPassed, can.isAllowed, JSON.stringify(question))
    assert.deepEqual(one?.decided?.missing, can.missing, JSON.stringify(question))
  }
  assert.equal(ended.filter(({ isPassed }) => isPassed).length, 1)
})

onEveryEngine(
  'a quarantined identity is tested as it is declared, so that an incident blocks no apply',
  async (room) => {
    const policy = await open(room)
    policy.identities.put({ id: 'nhi_sync', name: 'sync', state: 'quarantined' })
    const [one] = await tested(policy, [{ ...CASE, context: WITH_KEY }])
    assert.deepEqual(one?.wrong, [])
  },
)

onEveryEngine('a child is allowed in a test what everybody above it may do, and no more', async (room) => {
  const policy = await open(room)
  policy.identities.put({ id: 'nhi_child', name: 'child', parent: 'nhi_sync' })
  const text = `${TEXT.text}\n@id("all-read")\npermit (principal == Reeve::Identity::"nhi_child", action, resource);`
  const [read, write] = await tested(
    policy,
    [
      { ...CASE, identity: 'child', context: WITH_KEY },
      { ...CASE, identity: 'child', action: 'orders.write', expect: 'deny', policies: ['reeve:exceeds-parent'] },
    ],
    { policies: [{ ...TEXT, text }] },
  )
  assert.deepEqual([read?.wrong, write?.wrong], [[], []])
})

onEveryEngine(
  'a property holds over the whole register whatever the request, or names who breaks it by what',
  async (room) => {
    const policy = await open(room)
    policy.identities.put({ id: 'nhi_other', name: 'other', kind: 'agent', tags: { ticket: 'T-1' } })
    const never = (what: object, name = 'p') => ({ name, never: what })
    const ended = await tested(policy, [
      never({ effects: ['write'] }),
      never({ identity: { environment: 'Prod' }, actions: ['orders.read'], resource: { environment: 'production' } }),
      never({ actions: ['orders.export'], identity: { kind: 'agent' } }),
      never({ actions: ['orders.read'], identity: { kind: 'agent' } }),
      never({ identity: { environment: 'staging' } }),
      never({ actions: ['orders.raed'] }),
      never({ identity: { name: 'nobody' } }),
      never({ resource: { name: 'nothing' } }),
      never({ identity: { owner: 'paymentz' } }),
    ])
    assert.deepEqual(
      ended.map(({ wrong }) => wrong),
      [
        [],
        ['sync may orders.read on orders under conditions, by grant orders'],
        ['other may orders.export on orders under conditions, by ticket'],
        [],
        [],
        ['no resource has orders.raed'],
        ['there is no identity nobody'],
        ['there is no resource nothing'],
        ['there is no team paymentz'],
      ],
    )
    assert.deepEqual([ended[0]?.pairs, ended[4]?.pairs], [3, 3])
  },
)

onEveryEngine('an exception from isolation breaks the property that environments never meet', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  const id = policy.memory.resource('orders')?.id ?? ''
  const expiresAt = new Date(room.clock.now().getTime() + 86_400_000)
  policy.exceptions.allow('environment-isolation', `nhi_lab/${id}`, expiresAt)
  const [one] = await tested(policy, [
    {
      name: 'staging is kept out',
      never: { identity: { environment: 'staging' }, resource: { environment: 'production' } },
    },
  ])
  assert.deepEqual(one?.wrong, ['lab may orders.export on orders under conditions, by ticket'])
})

onEveryEngine('a case is decided under every condition that a grant may have', async (room) => {
  const policy = await open(room)
  policy.identities.put({ id: 'nhi_sync', name: 'sync', pipeline: 'git.example/orders/release.yml#deploy' })
  const conditions = {
    regions: ['DE'],
    environments: ['production'],
    pipelineStages: ['deploy'],
    riskMax: 50,
    credentialAgeDaysMax: 30,
  }
  const context = {
    sourceRegion: 'DE',
    risk: 50,
    at: '2027-01-20T12:00:00Z',
    credentialCreatedAt: '2027-01-04T12:00:00Z',
  }
  const but = (change: object) => ({ ...CASE, context: { ...context, ...change }, expect: 'deny' })
  const ended = await tested(
    policy,
    [
      { ...CASE, context },
      but({ sourceRegion: 'FR' }),
      but({ sourceRegion: undefined }),
      but({ risk: 75 }),
      but({ credentialCreatedAt: '2026-12-20T12:00:00Z' }),
      but({ credentialCreatedAt: undefined }),
    ],
    { grants: [{ ...GRANT, conditions, expiresAt: '2027-06-01T00:00:00Z' }] },
  )
  assert.deepEqual(
    ended.map(({ isPassed, wrong }) => [isPassed, ...wrong]),
    ended.map(() => [true]),
  )
})

onEveryEngine('coverage names what decided in no case, and the actions that no case asks for', async (room) => {
  const policy = await open(room)
  const origins = { tests: ['tests/a.yaml:3'], grants: ['grants/sync.yaml:1'], resources: ['resources/orders.yaml:1'] }
  const tests = [{ ...CASE, action: 'orders.export', tags: { ticket: 'T-1' } }]
  const done = await policy.call('policy.access.test', { ...DIRECTORY, tests, origins })
  assert.equal(done.tests[0].place, 'tests/a.yaml:3')
  assert.deepEqual(done.coverage.policies, {
    total: 3,
    tested: 1,
    untested: [
      { name: 'office', place: 'policies/orders.cedar:3' },
      { name: 'grant sync orders', place: 'grants/sync.yaml:1' },
    ],
  })
  assert.deepEqual(done.coverage.actions, {
    total: 3,
    tested: 1,
    untested: ['orders.read', 'orders.write'].map((action) => ({
      resource: 'orders',
      action,
      place: 'resources/orders.yaml:1',
    })),
  })
})

onEveryEngine(
  'a directory whose tests fail is not applied, and a plan of it says so and is not applied either',
  async (room) => {
    const policy = await open(room)
    const tests = [
      { ...CASE, context: WITH_KEY },
      { ...CASE, action: 'orders.write' },
    ]
    const refused = (fault: unknown): boolean => {
      assert.ok(fault instanceof Error)
      assert.deepEqual([Reflect.get(fault, 'code'), Reflect.get(fault, 'kind')], ['apply_tests', 'invalid'])
      assert.match(JSON.stringify(Reflect.get(fault, 'extras')), /"pointer":"\/tests\/1"/)
      return true
    }
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, tests }), refused)
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, tests, dryRun: true }), refused)
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
    const plan = await policy.call('policy.access.plan', { ...DIRECTORY, tests })
    assert.deepEqual(
      plan.tests.map(({ isPassed }: Tested) => isPassed),
      [true, false],
    )
    await assert.rejects(policy.call('policy.access.apply', { plan: plan.plan }), refused)
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
    await assert.rejects(policy.call('policy.access.apply', { plan: plan.plan, tests }), { code: 'apply_name' })
    const done = await policy.call('policy.access.apply', { ...DIRECTORY, tests: tests.slice(0, 1) })
    assert.equal(done.objects.length, 3)
    assert.equal((await room.events()).at(-1)?.evidence.tests, 1)
  },
)

onEveryEngine(
  'a directory that had tests and has none is not applied unless that is said, and a plan of it says so',
  async (room) => {
    const policy = await open(room)
    const tests = [{ ...CASE, context: WITH_KEY }]
    const never = await policy.call('policy.access.plan', DIRECTORY)
    assert.equal(never.testsInForce, 0)
    await policy.call('policy.access.apply', { ...DIRECTORY, tests, dryRun: true })
    assert.equal((await policy.call('policy.access.plan', DIRECTORY)).testsInForce, 0, 'nothing was applied yet')
    await policy.call('policy.access.apply', { ...DIRECTORY, tests })
    const plan = await policy.call('policy.access.plan', DIRECTORY)
    assert.deepEqual([plan.testsInForce, plan.tests.length], [1, 0])
    const untested = { code: 'apply_untested' }
    await assert.rejects(policy.call('policy.access.apply', DIRECTORY), untested)
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, dryRun: true }), untested)
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, withoutTests: false }), untested)
    await assert.rejects(policy.call('policy.access.apply', { plan: plan.plan }), untested)
    // Said before anything else that is wrong with it; and what another directory had is not its own.
    await assert.rejects(policy.call('policy.access.apply', { directory: DIRECTORY.directory }), untested)
    assert.equal((await policy.call('policy.access.plan', { directory: 'other' })).testsInForce, 0)
    await policy.call('policy.access.apply', { plan: plan.plan, withoutTests: true })
    assert.equal((await room.events()).at(-1)?.evidence.testsBefore, 1)
    await policy.call('policy.access.apply', DIRECTORY)
    assert.equal((await room.events()).at(-1)?.evidence.testsBefore, undefined, 'it is said once')
  },
)

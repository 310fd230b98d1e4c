import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { uriProblem } from '../domain/resource.ts'

const ORDERS = {
  name: 'orders-api',
  uri: 'https://orders.example/',
  environment: 'Prod',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
}

onEveryEngine(
  'a resource is registered under one spelling of its environment, and found by name, uri and id',
  async (room) => {
    const policy = await openPolicy(room)
    policy.identities.put({ id: 'nhi_api', name: 'orders-api' })
    const made = await policy.call('policy.resource.create', { ...ORDERS, servedBy: ['orders-api'], owner: 'payments' })
    assert.deepEqual(
      { ...made, id: '' },
      {
        ...ORDERS,
        id: '',
        environment: 'production',
        isCustomerFacing: false,
        tokenAlgorithm: 'ES256',
        statusList: false,
        isAuthorizationServer: false,
        detailTypes: [],
        tagClaims: [],
        awsSessionTags: [],
        servedBy: ['nhi_api'],
        owner: 'team_payments',
      },
    )
    for (const named of ['orders-api', 'https://orders.example/', made.id])
      assert.equal((await policy.call('policy.resource.show', { resource: named })).id, made.id)
    assert.equal(policy.memory.resource('orders-api')?.id, made.id, 'memory follows with the commit')
    assert.deepEqual(policy.memory.base().servedBy.get('nhi_api')?.length, 1)
    const [event] = await room.events()
    assert.deepEqual(
      [event?.kind, event?.on?.name, event?.on?.environment],
      ['policy.resource.create', 'orders-api', 'production'],
    )
  },
)

onEveryEngine(
  'a resource that cannot be is refused: taken, a bad uri, a bad action, an unknown team or identity',
  async (room) => {
    const policy = await openPolicy(room)
    await policy.call('policy.resource.create', ORDERS)
    const refused = (change: object, code: string) =>
      assert.rejects(
        policy.call('policy.resource.create', { ...ORDERS, name: 'other', uri: 'https://o.example/', ...change }),
        { code },
      )
    await refused({ name: 'orders-api' }, 'resource_exists')
    await refused({ uri: 'https://orders.example/' }, 'resource_exists')
    await refused({ uri: 'orders' }, 'resource_uri')
    await refused({ uri: 'https://o.example/?x=1' }, 'resource_uri')
    for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'JavaScript:x'])
      await refused({ uri }, 'resource_uri')
    await refused(
      {
        actions: [
          { name: 'a', effect: 'read' },
          { name: 'a', effect: 'write' },
        ],
      },
      'resource_action',
    )
    await refused({ actions: [{ name: 'policy.grant.create', effect: 'read' }] }, 'resource_action')
    await refused({ servedBy: ['nobody'] }, 'grant_identity')
    await refused({ owner: 'nobody' }, 'owner_not_found')
    await refused({ sensitivity: 'secret' }, 'invalid_input')
    await refused({ surprise: true }, 'invalid_input')
    await assert.rejects(policy.call('policy.resource.show', { resource: 'other' }), { code: 'resource_not_found' })
  },
)

onEveryEngine('a change of a resource says what changed and grades again whoever holds a grant on it', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  await policy.call('policy.resource.create', ORDERS)
  await policy.call('policy.bundle.create', {
    name: 'reader',
    purpose: 'reads orders',
    matrix: [{ resource: 'orders-api', actions: ['orders.read'] }],
  })
  await policy.call('policy.grant.create', { identity: 'sync', bundle: 'reader', expiresAt: '30d' })
  policy.identities.regraded.length = 0
  const changed = await policy.call('policy.resource.change', { resource: 'orders-api', sensitivity: 'regulated' })
  assert.equal(changed.sensitivity, 'regulated')
  assert.deepEqual(policy.identities.regraded, ['nhi_sync'])
  const event = (await room.events()).at(-1)
  assert.deepEqual(event?.change, [{ field: 'sensitivity', before: 'internal', after: 'regulated' }])
  await policy.call('policy.resource.change', { resource: 'orders-api', servedBy: ['sync'] })
  assert.deepEqual(policy.identities.regraded, ['nhi_sync'], 'who serves it is no right')
})

onEveryEngine(
  'to lower an effect or a sensitivity, or to move a resource, needs an approval; to raise them does not',
  async (room) => {
    const policy = await openPolicy(room)
    await policy.call('policy.resource.create', { ...ORDERS, isCustomerFacing: true })
    const change = (fields: object) => policy.call('policy.resource.change', { resource: 'orders-api', ...fields })
    const [read] = ORDERS.actions
    const lowered = { actions: [read, { name: 'orders.write', effect: 'read' }] }
    for (const fields of [lowered, { sensitivity: 'public' }, { environment: 'dev' }, { isCustomerFacing: false }])
      await assert.rejects(change(fields), { code: 'approval_missing' })
    await change({ sensitivity: 'regulated', actions: [read, { name: 'orders.write', effect: 'privileged' }] })
    const approved = { resource: 'orders-api', ...lowered, dryRun: false }
    const approval = policy.approvals.give('apr_1', 'policy.resource.change', approved)
    await change({ ...lowered, approval })
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
  },
)

onEveryEngine('a resource keeps the actions that policies speak of, and its name free of collisions', async (room) => {
  const policy = await openPolicy(room)
  await policy.call('policy.resource.create', ORDERS)
  await policy.call('policy.set.change', {
    put: [
      {
        name: 'own',
        file: 'own.cedar',
        text: 'forbid (principal, action == Reeve::Action::"orders.write", resource);',
      },
    ],
  })
  const refused = (change: object, code: string) =>
    assert.rejects(policy.call('policy.resource.change', { resource: 'orders-api', ...change }), { code })
  await refused({ actions: [{ name: 'orders.read', effect: 'read' }] }, 'policy_invalid')
  await refused({ actions: [{ name: 'access:read', effect: 'read' }] }, 'resource_action')
  await refused({ owner: 'nobody' }, 'owner_not_found')
  await refused({ servedBy: ['nobody'] }, 'grant_identity')
  await refused({ uri: 'nothing' }, 'resource_uri')
  await policy.call('policy.resource.create', { ...ORDERS, name: 'other', uri: 'https://o.example/' })
  await refused({ name: 'other' }, 'resource_exists')
  await assert.rejects(policy.call('policy.resource.change', { resource: 'none' }), { code: 'resource_not_found' })
})

onEveryEngine('resources are listed by name, in pages, by environment', async (room) => {
  const policy = await openPolicy(room)
  for (const name of ['cc', 'aa', 'bb'])
    await policy.call('policy.resource.create', { ...ORDERS, name, uri: `https://${name}.example/` })
  const first = await policy.call('policy.resource.list', { limit: 2, environment: 'live' })
  assert.deepEqual(
    first.items.map(({ name }: { name: string }) => name),
    ['aa', 'bb'],
  )
  const second = await policy.call('policy.resource.list', { limit: 2, environment: 'live', cursor: first.nextCursor })
  assert.deepEqual([second.items.length, second.nextCursor], [1, null])
  assert.equal((await policy.call('policy.resource.list', { environment: 'dev' })).items.length, 0)
  await assert.rejects(policy.call('policy.resource.list', { limit: 2, cursor: first.nextCursor }), {
    code: 'bad_cursor',
  })
})

test('a uri has one spelling, so that two resources are never mistaken for each other', () => {
  for (const good of [
    'https://a.example',
    'https://a.example/',
    'https://a.example/v1/orders',
    'urn:acme:orders',
    'mcp://tools/x',
  ])
    assert.equal(uriProblem(good), undefined, good)
  for (const bad of [
    '',
    'a',
    '//a.example',
    'https://A.example/',
    'https://a.example:443/',
    'https://a.example/#x',
    'https://a.example/?x=1',
    'https://u@a.example/',
    'https://a.example/x/../y',
    'https://a.example/./x',
    'https://a.example/%2e%2e/x',
    'https://a.example/a%2Fb',
    'https://a.example/a\\b',
    'https://a.example/a b',
    'https://a.example/\u0000',
    'https://а.example/',
  ])
    assert.notEqual(uriProblem(bad), undefined, bad)
})

onEveryEngine(
  'types of authorization details are registered with a resource, and mean one thing everywhere',
  async (room) => {
    const policy = await openPolicy(room)
    const payment = (amount: object, type = 'payment') => ({ type, fields: { amount } })
    const create = (detailTypes: unknown, name = 'orders-api') =>
      policy.call('policy.resource.create', { ...ORDERS, name, uri: `https://${name}.example/`, detailTypes })
    const made = await create([payment({ kind: 'number', max: 10 })])
    assert.deepEqual(made.detailTypes, [payment({ kind: 'number', isRequired: false, max: 10 })])
    assert.deepEqual(policy.memory.resource('orders-api')?.detailTypes, made.detailTypes)
    const twice = [payment({ kind: 'number' }, 'one'), payment({ kind: 'number' }, 'one')]
    await assert.rejects(create(twice, 'other-api'), { code: 'resource_detail_type' })
    for (const name of ['actions', 'type', 'locations']) {
      const detailTypes = [{ type: 'payment', fields: { [name]: { kind: 'texts' } } }]
      const asked = policy.call('policy.resource.change', { resource: 'orders-api', detailTypes })
      await assert.rejects(asked, { code: 'resource_detail_type' }, name)
    }
    const clash = create([payment({ kind: 'text' }, 'refund')], 'other-api')
    await assert.rejects(clash, { code: 'resource_action' })
    const changed = await policy.call('policy.resource.change', { resource: 'orders-api', detailTypes: [] })
    assert.deepEqual(changed.detailTypes, [])
  },
)

onEveryEngine(
  'a resource says which tags its tokens say, each under a name that is free; a change of it is kept',
  async (room) => {
    const policy = await openPolicy(room)
    const tagClaims = [{ tag: 'cost_center', claim: 'https://acme.example/cost_center' }]
    const made = await policy.call('policy.resource.create', { ...ORDERS, tagClaims })
    assert.deepEqual([made.tagClaims, made.awsSessionTags], [tagClaims, []])
    const awsSessionTags = [{ tag: 'cost_center', key: 'CostCenter', isTransitive: true }]
    await policy.call('policy.resource.change', { resource: ORDERS.name, awsSessionTags })
    const shown = await policy.call('policy.resource.show', { resource: ORDERS.name })
    assert.deepEqual([shown.tagClaims, shown.awsSessionTags], [tagClaims, awsSessionTags])
    const kept = policy.memory.base().resourceByUri.get(ORDERS.uri)
    assert.deepEqual([kept?.tagClaims, kept?.awsSessionTags], [tagClaims, awsSessionTags])
  },
)

onEveryEngine(
  'no tag is said as a claim that means something else, twice under one name, or without bound',
  async (room) => {
    const policy = await openPolicy(room)
    const refused = (change: object) =>
      assert.rejects(policy.call('policy.resource.create', { ...ORDERS, ...change }), { code: 'invalid_input' })
    const claims = [
      'sub',
      'scope',
      'cnf',
      'reeve',
      'roles',
      'authorities',
      'active',
      'https://aws.amazon.com/tags',
      '__proto__',
      'a"b',
      '',
    ]
    for (const claim of claims) await refused({ tagClaims: [{ tag: 'team', claim }] })
    const twice = ['team', 'unit'].map((tag) => ({ tag, claim: 'team' }))
    await refused({ tagClaims: twice })
    await refused({ tagClaims: Array.from({ length: 21 }, (_, at) => ({ tag: 'team', claim: `team_${at}` })) })
    // To AWS the case of a key makes no difference.
    await refused({ awsSessionTags: ['Team', 'TEAM'].map((key) => ({ tag: 'team', key })) })
    await refused({ awsSessionTags: [{ tag: 'team', key: 'aws:team' }] })
    await refused({ awsSessionTags: Array.from({ length: 51 }, (_, at) => ({ tag: 'team', key: `t${at}` })) })
  },
)

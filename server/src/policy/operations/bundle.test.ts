import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const LINE = { resource: 'orders', actions: ['orders.read'] }
const READER = { name: 'reader', purpose: 'reads orders', matrix: [LINE] }

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  for (const [name, environment] of [
    ['orders', 'production'],
    ['orders-st', 'staging'],
  ])
    await policy.call('policy.resource.create', {
      name,
      uri: `https://${name}.example/`,
      environment,
      sensitivity: 'internal',
      actions: [
        { name: 'orders.read', effect: 'read' },
        { name: 'orders.write', effect: 'write' },
        { name: 'orders.purge', effect: 'privileged' },
      ],
    })
  return policy
}

onEveryEngine('a bundle names resources and their actions, and is found by name and id', async (room) => {
  const policy = await open(room)
  const made = await policy.call('policy.bundle.create', READER)
  assert.deepEqual(made.matrix, [LINE])
  assert.equal((await policy.call('policy.bundle.show', { bundle: made.id })).name, 'reader')
  assert.deepEqual(
    (await policy.call('policy.bundle.list', {})).items.map(({ id }: { id: string }) => id),
    [made.id],
  )
  await assert.rejects(policy.call('policy.bundle.create', READER), { code: 'bundle_exists' })
  await assert.rejects(policy.call('policy.bundle.show', { bundle: 'none' }), { code: 'bundle_not_found' })
  const wrong = (matrix: object[], code: string) =>
    assert.rejects(policy.call('policy.bundle.create', { ...READER, name: 'other', matrix }), { code })
  await wrong([{ resource: 'none', actions: ['*'] }], 'resource_not_found')
  await wrong([{ resource: 'orders', actions: ['orders.burn'] }], 'grant_terms')
  await wrong([], 'invalid_input')
})

onEveryEngine(
  'what holders of a bundle gain by its change is judged like a grant, and reaches them with the commit',
  async (room) => {
    const policy = await open(room)
    await policy.memory.warm('nhi_sync')
    await policy.call('policy.bundle.create', READER)
    const grant = await policy.call('policy.grant.create', { identity: 'sync', bundle: 'reader', expiresAt: '30d' })
    policy.identities.regraded.length = 0
    const change = (matrix: object[], more: object = {}) =>
      policy.call('policy.bundle.change', { bundle: 'reader', matrix, ...more })
    await change([{ resource: 'orders', actions: ['orders.read', 'orders.write'] }])
    assert.deepEqual(policy.identities.regraded, ['nhi_sync'])
    const [id = ''] = policy.memory.warmed('nhi_sync')?.policies ?? []
    assert.ok(id.startsWith(`${grant.id}/`))
    assert.match(policy.memory.enforced().get(id)?.text ?? '', /orders\.write/)
    const wild = [{ resource: 'orders', actions: ['*'] }]
    await assert.rejects(change(wild), { code: 'approval_missing' })
    await assert.rejects(change([{ resource: 'orders', actions: ['orders.purge'] }]), { code: 'approval_missing' })
    await assert.rejects(change([{ resource: 'orders-st', actions: ['orders.read'] }]), {
      code: 'environment_isolated',
    })
    const approved = { bundle: 'reader', matrix: wild, dryRun: false, approval: 'apr_1' }
    policy.approvals.give('apr_1', 'policy.bundle.change', approved)
    await change(wild, { approval: 'apr_1' })
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
    await assert.rejects(policy.call('policy.bundle.change', { bundle: 'none' }), { code: 'bundle_not_found' })
    await policy.call('policy.bundle.create', { ...READER, name: 'other' })
    await assert.rejects(policy.call('policy.bundle.change', { bundle: 'other', name: 'reader' }), {
      code: 'bundle_exists',
    })
  },
)

onEveryEngine(
  'what was granted with an approval gives more by another approval alone, whatever it is',
  async (room) => {
    const policy = await open(room)
    await policy.call('policy.bundle.create', {
      ...READER,
      matrix: [{ resource: 'orders', actions: ['orders.purge'] }],
    })
    const input = policy.operation('policy.grant.create').input.parse({
      identity: 'sync',
      bundle: 'reader',
      expiresAt: '30d',
    })
    const approval = policy.approvals.give('apr_1', 'policy.grant.create', input)
    const { id } = await policy.call('policy.grant.create', { ...Object(input), approval })
    const matrix = [{ resource: 'orders', actions: ['orders.purge', 'orders.read'] }]
    const change = { bundle: 'reader', matrix, dryRun: false }
    await assert.rejects(policy.call('policy.bundle.change', change), { code: 'approval_missing' })
    policy.approvals.give('apr_2', 'policy.bundle.change', change)
    await policy.call('policy.bundle.change', { ...change, approval: 'apr_2' })
    assert.equal((await policy.call('policy.grant.show', { grant: id })).approval, 'apr_2')
    const less = [{ resource: 'orders', actions: ['orders.purge'] }]
    await policy.call('policy.bundle.change', { bundle: 'reader', matrix: less })
    assert.equal((await policy.call('policy.grant.show', { grant: id })).approval, 'apr_2')
  },
)

onEveryEngine('a bundle with several lines on one resource gives what all of them name, once', async (room) => {
  const policy = await open(room)
  const matrix = [
    LINE,
    { resource: 'orders', actions: ['orders.write'] },
    { resource: 'orders', actions: ['orders.read'] },
  ]
  await policy.call('policy.bundle.create', { ...READER, matrix })
  const { id } = await policy.call('policy.grant.create', { identity: 'nhi_sync', bundle: 'reader', expiresAt: '30d' })
  await policy.memory.warm('nhi_sync')
  const orders = policy.memory.resource('orders')?.id ?? ''
  assert.deepEqual(policy.memory.warmed('nhi_sync')?.policies, [`${id}/${orders}`])
  const can = async (action: string) =>
    (await policy.call('policy.decision.can', { identity: 'nhi_sync', action, resource: 'orders' })).isAllowed
  assert.deepEqual(
    [await can('orders.read'), await can('orders.write'), await can('orders.purge')],
    [true, true, false],
  )
})

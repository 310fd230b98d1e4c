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
    { name: 'orders.purge', effect: 'privileged' },
  ],
}
const text = (cedar: string) => ({ name: 'orders', file: 'policies/orders.cedar', text: cedar })
const BEFORE = {
  directory: 'shop',
  resources: [RESOURCE],
  grants: [{ identity: 'sync', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }],
  policies: [text('@id("held") @guardrail\nforbid (principal, action == Reeve::Action::"orders.purge", resource);')],
}

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync', tags: { exporter: 'yes' } })
  policy.identities.put({ id: 'nhi_other', name: 'other' })
  policy.identities.put({ id: 'nhi_lab', name: 'lab', environment: 'staging', tags: { exporter: 'yes' } })
  await policy.call('policy.access.apply', BEFORE)
  return policy
}

const compared = async (policy: PolicyBench, change: object) => {
  const { plan } = await policy.call('policy.access.plan', { ...BEFORE, ...change })
  const answer = await policy.call('policy.access.compare', { plan })
  const lines: string[] = answer.changes.map(
    (one: { how: string; identity: { name: string }; action: string; before: string; after: string }) =>
      `${one.identity.name} ${one.how} ${one.action} ${one.before}>${one.after}`,
  )
  const called: string[] = answer.callouts.map((one: { kind: string; text: string }) => `${one.kind}: ${one.text}`)
  return { lines, called, counts: answer.counts, changes: answer.changes }
}

const HELD = BEFORE.policies[0]?.text ?? ''

onEveryEngine(
  'a policy of tags reaches those who have them, in their own environment, and says where it stands',
  async (room) => {
    const policy = await open(room)
    const permit = `\n@id("tagged")\npermit (principal, action == Reeve::Action::"orders.export", resource) when { principal.hasTag("exporter") };`
    const { lines, counts, changes } = await compared(policy, { policies: [text(HELD + permit)] })
    assert.deepEqual(lines, ['sync gains orders.export none>always'])
    assert.deepEqual(counts, { gains: 1, loses: 0, 'on-other-terms': 0 })
    assert.deepEqual(changes[0].via, [{ policy: 'tagged', place: 'policies/orders.cedar:3' }])
  },
)

onEveryEngine(
  'what hangs on the request is told as under conditions, and a changed condition as other terms',
  async (room) => {
    const policy = await open(room)
    const narrowed = [{ ...BEFORE.grants[0], conditions: { sourceNetworks: ['10.0.0.0/8'] } }]
    assert.deepEqual((await compared(policy, { grants: narrowed })).lines, [
      'sync on-other-terms orders.read always>conditional',
    ])
    assert.deepEqual((await compared(policy, { grants: [] })).lines, ['sync loses orders.read always>none'])
    const forbid = `\n@id("by-night")\nforbid (principal is Reeve::Identity, action, resource) when { context.now.toTime() < duration("6h") };`
    assert.deepEqual((await compared(policy, { policies: [text(HELD + forbid)] })).lines, [
      'sync on-other-terms orders.read always>conditional',
    ])
  },
)

onEveryEngine(
  'privileged access, a guardrail that goes and a permit of this server are called out first',
  async (room) => {
    const policy = await open(room)
    const cedar = `@id("purgers")\npermit (principal == Reeve::Identity::"nhi_sync", action == Reeve::Action::"orders.purge", resource);
@id("boss")\npermit (principal is Reeve::Person, action == Reeve::Action::"policy.set.change", resource);`
    const { lines, called } = await compared(policy, { policies: [text(cedar)] })
    assert.deepEqual(lines, ['sync gains orders.purge none>always'])
    assert.match(called[0] ?? '', /^privileged: sync gains orders\.purge on orders, which is privileged$/)
    assert.ok(called.includes('guardrail: the guardrail held would be removed'), called.join('\n'))
    assert.ok(called.includes('control-plane: boss would permit operations of this server'), called.join('\n'))
    assert.ok(
      called.some((line) => line.startsWith('approval: ')),
      called.join('\n'),
    )
  },
)

onEveryEngine('access across environments is told only where an exception lifts them, and then first', async (room) => {
  const policy = await open(room)
  const permit = `\n@id("tagged")\npermit (principal, action == Reeve::Action::"orders.export", resource) when { principal.hasTag("exporter") };`
  const resource = policy.memory.resource('orders')?.id ?? ''
  policy.exceptions.allow(
    'environment-isolation',
    `nhi_lab/${resource}`,
    new Date(room.clock.now().getTime() + 86_400_000),
  )
  const policies = [text(HELD + permit)]
  // The exception alone lifts nothing: a grant has to name the resource.
  assert.deepEqual((await compared(policy, { policies })).lines, ['sync gains orders.export none>always'])
  const grant = { identity: 'lab', resource: 'orders', actions: ['orders.export'], expiresAt: '1d' }
  const { lines, called } = await compared(policy, { policies, grants: [...BEFORE.grants, grant] })
  assert.deepEqual(lines, ['lab gains orders.export none>always', 'sync gains orders.export none>always'])
  assert.match(called[0] ?? '', /^cross-environment: lab gains orders\.export on orders, from staging into production$/)
})

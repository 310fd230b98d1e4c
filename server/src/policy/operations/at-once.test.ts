import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine } from '../../../test/room.ts'

const LIST = { name: 'orders.list', effect: 'read' }
const ORDERS = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [LIST, { name: 'orders.read', effect: 'read' }],
}
const SHOP = {
  name: 'Shop',
  environment: 'production',
  subjects: [{ type: 'User' }],
  resources: [{ type: 'Doc', sensitivity: 'internal', actions: [{ name: 'open', effect: 'read' }] }],
}
const forbid = (action: string) => [
  { name: 'own', file: 'policies/own.cedar', text: `forbid (principal, action == ${action}, resource);` },
]
const OF_ORDERS = forbid('Reeve::Action::"orders.read"')
const OF_SHOP = forbid('Shop::Action::"open"')

type Call = readonly [operation: string, input: object]
const SET: Call = ['policy.set.change', { put: OF_ORDERS }]
const APPLY: Call = ['policy.access.apply', { directory: 'rules', policies: OF_ORDERS }]
const APPLY_SHOP: Call = ['policy.access.apply', { directory: 'rules', policies: OF_SHOP }]
const CHANGE: Call = ['policy.resource.change', { resource: 'orders', actions: [LIST] }]
const DECLARE: Call = ['policy.access.apply', { directory: 'things', resources: [{ ...ORDERS, actions: [LIST] }] }]
const END_SHOP: Call = ['policy.access.apply', { directory: 'shop', applications: [] }]

const PLAN: Call = ['policy.access.plan', APPLY[1]]

const PAIRS: readonly (readonly [name: string, one: Call, other: Call])[] = [
  ['a policy, and the end of its action in a change of the resource', SET, CHANGE],
  ['a directory of policies, and the end of their action in a change of the resource', APPLY, CHANGE],
  ['a directory of policies, and the end of their action in another directory', APPLY, DECLARE],
  ['a policy, and the end of its action in a directory', SET, DECLARE],
  ['a directory of policies, and the end of the application that they are about', APPLY_SHOP, END_SHOP],
]

const open = async (room: Parameters<typeof openPolicy>[0]): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  await policy.call('policy.resource.create', ORDERS)
  await policy.call('policy.access.apply', { directory: 'shop', applications: [SHOP] })
  return policy
}

for (const [name, one, other] of PAIRS)
  for (const calls of [
    [one, other],
    [other, one],
  ])
    onEveryEngine(`of two that are each valid alone and come at once, one is refused: ${name}`, async (room) => {
      const policy = await open(room)
      const done = await Promise.allSettled(calls.map(([operation, input]) => policy.call(operation, input)))
      const refused = done.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
      assert.deepEqual(refused, ['policy_invalid'])
      assert.deepEqual(policy.memory.problems(), [])
    })

onEveryEngine('of a plan and a change that takes away what it was judged on one is refused', async (room) => {
  const policy = await open(room)
  const { plan } = await policy.call(...PLAN)
  const done = await Promise.allSettled([policy.call('policy.access.apply', { plan }), policy.call(...CHANGE)])
  assert.equal(done.filter(({ status }) => status === 'rejected').length, 1)
  assert.deepEqual(policy.memory.problems(), [])
})

onEveryEngine(
  'what was judged before BEGIN, and is stored as it was judged, is not judged in there again',
  async (room, t) => {
    const policy = await open(room)
    const checks = t.mock.method(policy.memory, 'check')
    await policy.call('policy.set.change', { put: OF_ORDERS })
    await policy.call('policy.access.apply', { directory: 'rules', resources: [ORDERS], policies: OF_ORDERS })
    await policy.call('policy.access.apply', { directory: 'shop', applications: [SHOP], policies: [] })
    const actions = [...ORDERS.actions, { name: 'orders.count', effect: 'read' }]
    await policy.call('policy.resource.change', { resource: 'orders', actions })
    const { plan } = await policy.call('policy.access.plan', { ...APPLY[1], resources: [{ ...ORDERS, actions }] })
    await policy.call('policy.access.apply', { plan })
    assert.equal(checks.mock.callCount(), 5)
  },
)

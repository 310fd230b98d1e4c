import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import { createTokenDecider } from '../decide/decide-token.ts'

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  for (const id of ['nhi_a', 'nhi_b', 'nhi_c']) policy.identities.put({ id })
  for (const name of ['orders', 'refunds'])
    await policy.call('policy.resource.create', {
      name,
      uri: `https://${name}.example/`,
      environment: 'production',
      sensitivity: 'internal',
      actions: [
        { name: `${name}.read`, effect: 'read' },
        { name: `${name}.write`, effect: 'write' },
      ],
    })
  const grant = (identity: string, resource: string, actions: string[], conditions = {}) =>
    policy.call('policy.grant.create', { identity, resource, actions, conditions, expiresAt: '30d' })
  await grant('a', 'orders', ['orders.read', 'orders.write'])
  await grant('b', 'orders', ['orders.read'], { sourceNetworks: ['10.0.0.0/8'] })
  return policy
}

/** Decides a token of nhi_c for these actions, and records the decision as the broker does. */
const decide = async (
  room: Room,
  policy: PolicyBench,
  resource: string,
  actions: readonly string[],
  ip = '10.0.0.7',
) => {
  await policy.memory.warm('nhi_c')
  const verdict = createTokenDecider(
    policy.memory,
    systemRandom(),
  )({
    subject: { id: 'nhi_c', environment: 'production', workflow: null },
    resource: { id: policy.memory.resource(resource)?.id ?? '' },
    actions,
    credential: { kind: 'public-key' },
    instance: null,
    sourceIp: ip,
    now: room.clock.now(),
  })
  const draft = {
    kind: 'broker.token.issue',
    outcome: verdict.isAllowed ? ('done' as const) : ('refused' as const),
    code: null,
    actor: { principalType: 'nhi' as const, id: 'nhi_c', name: 'c' },
    instance: null,
    credential: null,
    token: null,
    workflow: null,
    on: null,
    change: [],
    decision: verdict.decision,
    approval: null,
    evidence: {},
    tags: {},
    source: adminCaller.source,
    correlation: { requestId: 'req_1', traceparent: null, cause: null },
  }
  await room.hot.run({ judge: async () => ({ drafts: [draft], kept: verdict.kept, value: true }) })
  return verdict
}

onEveryEngine(
  'who can is answered over the whole register, and says what is only allowed under conditions',
  async (room) => {
    const policy = await open(room)
    const found = await policy.call('policy.decision.who', { action: 'orders.read', resource: 'orders' })
    assert.deepEqual(
      found.items.map(({ name, standing, missing }: { name: string; standing: string; missing: string[] }) => [
        name,
        standing,
        missing,
      ]),
      [
        ['a', 'yes', []],
        ['b', 'conditionally', ['context.sourceIp']],
      ],
    )
    const first = await policy.call('policy.decision.who', { action: 'orders.read', resource: 'orders', limit: 1 })
    const { nextCursor: cursor } = first
    const rest = await policy.call('policy.decision.who', {
      action: 'orders.read',
      resource: 'orders',
      limit: 1,
      cursor,
    })
    assert.deepEqual(
      [first, rest].map(({ items }) => items[0].name),
      ['a', 'b'],
    )
    const writers = await policy.call('policy.decision.who', { action: 'orders.write', resource: 'orders' })
    assert.deepEqual(
      writers.items.map(({ name }: { name: string }) => name),
      ['a'],
    )
  },
)

onEveryEngine('everything that an identity can do is listed as single decisions would say it', async (room) => {
  const policy = await open(room)
  for (const identity of ['a', 'b', 'c']) {
    const { items, isComplete } = await policy.call('policy.decision.reach', { identity })
    assert.ok(isComplete)
    for (const resource of ['orders', 'refunds'])
      for (const verb of ['read', 'write']) {
        const action = `${resource}.${verb}`
        const one = await policy.call('policy.decision.can', { identity, action, resource })
        const listed = items.find((item: { action: string }) => item.action === action)
        assert.equal(listed?.standing === 'yes', one.isAllowed, `${identity} ${action}`)
      }
  }
})

const proposedIn = (wouldAllow: string) => ({
  identity: 'c',
  ...(wouldAllow.includes('name: ') ? { name: /name: "([^"]+)"/.exec(wouldAllow)?.[1] } : {}),
  resource: /resource: "([^"]+)"/.exec(wouldAllow)?.[1] ?? '',
  actions: JSON.parse(/actions: (\[.*\])/.exec(wouldAllow)?.[1] ?? '[]'),
  expiresAt: /expiresAt: "([^"]+)"/.exec(wouldAllow)?.[1],
})

onEveryEngine(
  'the proposed grant turns the decision, nothing smaller does, and what else it turns is told',
  async (room) => {
    const policy = await open(room)
    const earlier = await decide(room, policy, 'orders', ['orders.read'], '192.0.2.1')
    await decide(room, policy, 'refunds', ['refunds.read'])
    const asked = ['orders.read', 'orders.write']
    const isAllowed = async () => (await decide(room, policy, 'orders', asked)).isAllowed
    const refused = await decide(room, policy, 'orders', asked)
    const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
    const proposed = proposedIn(shown.wouldAllow)
    assert.deepEqual(proposed.actions, asked)
    const told = shown.because.join('\n')
    assert.match(told, new RegExp(`would also have allowed 1 of \\d+ recorded refusals: ${earlier.decision.id}`))
    assert.doesNotMatch(told, /refunds/)
    // Every part of it is needed: without any one of its actions the decision stays as it is.
    const give = (actions: readonly string[]) => policy.call('policy.grant.create', { ...proposed, actions })
    const revoke = (grant: string) => policy.call('policy.grant.revoke', { grant, reason: 'a test' })
    for (const left of asked) {
      const smaller = await give(asked.filter((action) => action !== left))
      assert.equal(await isAllowed(), false, left)
      await revoke(smaller.id)
    }
    await give(proposed.actions)
    assert.equal(await isAllowed(), true)
    assert.equal((await decide(room, policy, 'refunds', ['refunds.read'])).isAllowed, false)
  },
)

onEveryEngine('a proposed grant can be given beside the one that the identity holds already', async (room) => {
  const policy = await open(room)
  const held = { identity: 'c', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
  await policy.call('policy.grant.create', held)
  const refused = await decide(room, policy, 'orders', ['orders.read', 'orders.write'])
  const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
  const proposed = proposedIn(shown.wouldAllow)
  assert.deepEqual([proposed.actions, proposed.name], [['orders.write'], 'orders orders.write'])
  await policy.call('policy.grant.create', proposed)
  assert.equal((await decide(room, policy, 'orders', ['orders.read', 'orders.write'])).isAllowed, true)
})

import assert from 'node:assert/strict'
import { askForToken } from '../../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { createDelegationDecider } from './decide-delegation.ts'

const rule = async (policy: PolicyBench, text: string): Promise<void> => {
  const put = { put: [{ name: 'rules', file: 'rules.cedar', text }] }
  const input = policy.operation('policy.set.change').input.parse(put)
  await policy.call('policy.set.change', {
    ...put,
    approval: policy.approvals.give('apr_set', 'policy.set.change', input),
  })
}

const party = (name: string) => ({
  id: `nhi_${name}`,
  name,
  environment: 'production',
  owner: { id: 'team_orders' },
})

const mayAct = async (room: Room, policy: PolicyBench, actor: string, subject: string): Promise<readonly unknown[]> => {
  for (const name of [actor, subject]) await policy.memory.warm(`nhi_${name}`)
  const decide = createDelegationDecider(policy.memory, room.random)
  const where = { instance: null, sourceIp: '192.0.2.7', sourceRegion: null, now: room.clock.now() }
  const { isAllowed, decision } = decide({ actor: party(actor), subject: party(subject), ...where })
  return [isAllowed, decision.outcome]
}

const PERMIT = `permit (principal is Reeve::Identity, action == Reeve::Action::"broker.token.exchange", resource is Reeve::Identity)
when { principal.name == "worker" && resource.name == "planner" };`

onEveryEngine('nobody acts for another unless a policy permits it, and then only for that one', async (room) => {
  const policy = await openPolicy(room)
  for (const name of ['worker', 'planner', 'other']) policy.identities.put({ id: `nhi_${name}`, name })
  assert.deepEqual(await mayAct(room, policy, 'worker', 'planner'), [false, 'deny'])
  await rule(policy, PERMIT)
  assert.deepEqual(await mayAct(room, policy, 'worker', 'planner'), [true, 'allow'])
  assert.deepEqual(await mayAct(room, policy, 'planner', 'worker'), [false, 'deny'])
  assert.deepEqual(await mayAct(room, policy, 'other', 'planner'), [false, 'deny'])
})

onEveryEngine('a child acts for another only where its parent may, or is the other', async (room) => {
  const policy = await openPolicy(room)
  for (const name of ['parent', 'planner']) policy.identities.put({ id: `nhi_${name}`, name })
  policy.identities.put({ id: 'nhi_worker', name: 'worker', parent: 'nhi_parent' })
  await rule(policy, PERMIT)
  assert.deepEqual(await mayAct(room, policy, 'worker', 'planner'), [false, 'deny'])
  await rule(policy, PERMIT.replace('principal.name == "worker"', '["worker", "parent"].contains(principal.name)'))
  assert.deepEqual(await mayAct(room, policy, 'worker', 'planner'), [true, 'allow'])
  await rule(policy, PERMIT.replace('"planner"', '"parent"'))
  assert.deepEqual(await mayAct(room, policy, 'worker', 'parent'), [true, 'allow'])
})

onEveryEngine(
  'a policy may forbid by who acts, also where the same was just allowed to the subject itself',
  async (room) => {
    const policy = await openPolicy(room)
    policy.identities.put({ id: 'nhi_sync' })
    await policy.call('policy.resource.create', {
      name: 'orders',
      uri: 'https://orders.example/',
      environment: 'production',
      sensitivity: 'internal',
      actions: [{ name: 'orders.read', effect: 'read' }],
    })
    await rule(
      policy,
      `permit (principal, action == Reeve::Action::"orders.read", resource);
    forbid (principal, action, resource is Reeve::Resource) when { context has actor && context.actor.name == "worker" };`,
    )
    const actor = { id: 'nhi_worker', name: 'worker' }
    assert.equal((await askForToken(room, policy, {})).isAllowed, true)
    assert.equal((await askForToken(room, policy, { actor })).isAllowed, false)
    assert.equal((await askForToken(room, policy, { actor: { ...actor, name: 'helper' } })).isAllowed, true)
  },
)

onEveryEngine(
  'what was permitted is not remembered past a change of policy, of anybody in it, or of the hour',
  async (room) => {
    const policy = await openPolicy(room)
    const put = (name: string, tags: Record<string, string> = {}) =>
      policy.identities.put({ id: `nhi_${name}`, name, tags, parent: name === 'worker' ? 'nhi_parent' : null })
    const changed = async (name: string, tags: Record<string, string>) => {
      put(name, tags)
      await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'identity', key: `nhi_${name}` }]))
      await room.changes.catchUp()
    }
    for (const name of ['parent', 'worker', 'planner']) put(name, { may: 'yes' })
    const may = async () => (await mayAct(room, policy, 'worker', 'planner'))[0]
    const family = PERMIT.replace('principal.name == "worker"', '["worker", "parent"].contains(principal.name)')
    const tagged = family.replace('};', '&& principal.hasTag("may") && resource.hasTag("may") };')
    await rule(policy, tagged)
    for (const name of ['worker', 'planner', 'parent']) {
      assert.deepEqual([await may(), await may()], [true, true])
      await changed(name, {})
      assert.equal(await may(), false, `${name} has lost its tag`)
      await changed(name, { may: 'yes' })
      assert.equal(await may(), true)
    }
    const until = new Date(room.clock.now().getTime() + 60_000).toISOString().slice(0, 19)
    await rule(policy, family.replace('};', `&& context.now < datetime("${until}Z") };`))
    assert.deepEqual([await may(), await may()], [true, true])
    room.clock.advance(60_000)
    assert.equal(await may(), false, 'the hour has passed')
    await rule(policy, family)
    assert.equal(await may(), true)
    await rule(policy, family.replace('"planner"', '"nobody"'))
    assert.equal(await may(), false, 'the policy has changed')
  },
)

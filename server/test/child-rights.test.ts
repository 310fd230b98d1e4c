import assert from 'node:assert/strict'
import { judgeToken } from '../src/policy/decide/judge-token.ts'
import type { Judgement } from '../src/policy/decide/judgement.ts'
import { declaredBot, declaredResource, openPlugged, type People, type Plugged, peopleOf } from './plugged.ts'
import { onEveryEngine, type Room } from './room.ts'

const GRANT = 'policy.grant.create'
const OFFICE = { sourceNetworks: ['10.1.0.0/16'] }

type Setting = Plugged &
  People & { judge(name: string, actions: readonly string[], sourceIp?: string): Promise<Judgement> }

const open = async (room: Room): Promise<Setting> => {
  const plugged = await openPlugged(room)
  const people = await peopleOf(room, plugged)
  const { call, rooms } = plugged
  await call('inventory.identity.create', declaredBot('parent'), people.ownerA)
  await call('inventory.identity.create', declaredBot('child', { parent: 'parent' }), people.ownerA)
  await call('inventory.identity.create', declaredBot('grandchild', { parent: 'child' }), people.ownerA)
  const actions = ['read', 'list', 'count'].map((verb) => ({ name: `orders.${verb}`, effect: 'read' }))
  const resource = await call('policy.resource.create', declaredResource('orders', { actions }), people.admin)
  const judge: Setting['judge'] = async (name, asked, sourceIp = '10.1.2.3') => {
    const { id, environment } = await call('inventory.identity.show', { identity: name }, people.admin)
    await rooms.memory.warm(id)
    const server = { sourceIp, credentialKind: 'public-key', instance: null, workflow: null }
    return judgeToken(rooms.memory, {
      identityId: id,
      environment,
      resourceId: resource.id,
      actions: asked,
      server,
      now: room.clock.now(),
    })
  }
  return { ...plugged, ...people, judge }
}

const grant = (identity: string, actions: readonly string[], over: object = {}) => ({
  identity,
  resource: 'orders',
  actions,
  expiresAt: '30d',
  ...over,
})

onEveryEngine('a child is granted nothing that its parent does not hold', async (room, t) => {
  const { call, admin, ownerA } = await open(room)
  const refused = (input: object) => assert.rejects(call(GRANT, input, ownerA), { code: 'grant_exceeds_parent' })
  await t.test('neither an action, nor one under fewer conditions', async () => {
    await refused(grant('child', ['orders.read']))
    await call(GRANT, grant('parent', ['orders.read', 'orders.list'], { conditions: OFFICE }), ownerA)
    await refused(grant('child', ['orders.read']))
    await refused(grant('child', ['orders.count'], { conditions: OFFICE }))
    await refused(grant('child', ['orders.read'], { conditions: { sourceNetworks: ['10.0.0.0/8'] } }))
    await refused(grant('child', ['*'], { conditions: OFFICE }))
    await call(GRANT, grant('child', ['orders.read'], { conditions: { sourceNetworks: ['10.1.2.0/24'] } }), ownerA)
    await refused(grant('grandchild', ['orders.list'], { conditions: { sourceNetworks: ['10.1.2.0/24'] } }))
  })
  await t.test('nor by a bundle that grows', async () => {
    const line = (action: string) => ({ resource: 'orders', actions: [action] })
    await call(
      'policy.bundle.create',
      { name: 'narrow', purpose: 'reads orders', matrix: [line('orders.read')] },
      admin,
    )
    const held = { identity: 'child', bundle: 'narrow', expiresAt: '30d', conditions: OFFICE }
    await call(GRANT, held, ownerA)
    const grown = { bundle: 'narrow', matrix: [{ resource: 'orders', actions: ['orders.read', 'orders.count'] }] }
    await assert.rejects(call('policy.bundle.change', grown, admin), { code: 'grant_exceeds_parent' })
    await call(GRANT, grant('parent', ['orders.count'], { name: 'count' }), ownerA)
    await call('policy.bundle.change', grown, admin)
  })
  await t.test('nor by a directory', async () => {
    const grants = [grant('child', ['orders.read', 'orders.list'], { name: 'other' })]
    await assert.rejects(call('policy.access.apply', { grants }, admin), { code: 'grant_exceeds_parent' })
  })
})

onEveryEngine('what a parent may not do any more, its children may not either, from the commit on', async (room, t) => {
  const { call, judge, approved, admin, security, ownerA } = await open(room)
  const read = ['orders.read']
  const parentGrant = await call(GRANT, grant('parent', ['orders.read', 'orders.list'], { expiresAt: '10d' }), ownerA)
  await call(GRANT, grant('child', read), ownerA)
  await call(GRANT, grant('grandchild', read), ownerA)
  const isAllowed = async (name: string) => (await judge(name, read)).isAllowed

  await t.test('while it may, they may', async () => {
    assert.deepEqual(await Promise.all(['parent', 'child', 'grandchild'].map(isAllowed)), [true, true, true])
  })
  await t.test('when its grant ends, with the reason', async () => {
    await call('policy.grant.revoke', { grant: parentGrant.id, reason: 'moved' }, ownerA)
    for (const name of ['child', 'grandchild']) {
      const { isAllowed: may, policies, outcome, isEnforced } = await judge(name, read)
      assert.deepEqual([may, outcome, isEnforced, policies], [false, 'deny', true, ['reeve:exceeds-parent']])
    }
    const why = await call(
      'policy.decision.can',
      { identity: 'child', action: 'orders.read', resource: 'orders' },
      admin,
    )
    assert.match(why.because.join(), /only what its parent may do/)
  })
  await t.test('when it is given less, they get what is left', async () => {
    await call(GRANT, grant('parent', ['orders.list']), ownerA)
    assert.deepEqual((await judge('child', [])).actions, [])
    await call(GRANT, grant('parent', read, { name: 'again', conditions: OFFICE, expiresAt: '10d' }), ownerA)
    assert.deepEqual((await judge('child', [])).actions, read)
    assert.equal((await judge('child', read, '192.0.2.1')).isAllowed, false, 'under its conditions')
  })
  await t.test('report-only lets nobody in beyond a parent', async () => {
    const target = { kind: 'identity', target: 'child', reason: 'to see', expiresAt: '1d' }
    await approved('policy.mode.change', target, admin, [security])
    assert.equal((await judge('child', read, '192.0.2.1')).isAllowed, false)
  })
  await t.test('when its grant expires, without anybody doing anything', async () => {
    assert.equal(await isAllowed('child'), true)
    room.clock.advance(10 * 86_400_000)
    assert.equal(await isAllowed('child'), false)
  })
})

onEveryEngine('a child whose parent is not in memory gets nothing', async (room) => {
  const { call, judge, rooms, ownerA, admin } = await open(room)
  const read = ['orders.read']
  for (const name of ['parent', 'child']) await call(GRANT, grant(name, read), ownerA)
  assert.ok((await judge('child', read)).isAllowed)
  const { id, environment } = await call('inventory.identity.show', { identity: 'child' }, admin)
  const { memory } = rooms
  const alone = { ...memory, warmed: (asked: string) => (asked === id ? memory.warmed(asked) : undefined) }
  const resourceId = memory.resource('orders')?.id ?? ''
  const server = { sourceIp: null, credentialKind: null, instance: null, workflow: null }
  const asked = { identityId: id, environment, resourceId, actions: read, server, now: room.clock.now() }
  assert.deepEqual(judgeToken(alone, asked).policies, ['reeve:exceeds-parent'])
})

import assert from 'node:assert/strict'
import { APPROVAL, bot, openInventory, team, UNCONFIRMED } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { findSubject } from '../find-subject.ts'

onEveryEngine(
  'a quarantine tells what it breaks, stops the identity, and a release restores exactly what it was',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    await call('team.create', team())
    const { id } = await call('identity.create', bot())
    await call('identity.create', { ...bot('reporting'), upstream: ['orders-sync'] })
    await call('identity.create', { ...bot('feeder'), downstream: [id] })
    const stopped = await call('identity.quarantine', { identity: 'orders-sync', reason: 'leaked key' })
    assert.deepEqual(
      [stopped.before, stopped.after, stopped.isDryRun, stopped.seq, stopped.unconfirmed],
      ['active', 'quarantined', false, 1, [UNCONFIRMED]],
    )
    assert.equal(stopped.stoppedAt, room.clock.now().toISOString())
    assert.deepEqual(stopped.impact.credentials, [{ id: 'crd_test', kind: 'public-key', lastUsedAt: null }])
    const { credentialsTotal, credentialsNext } = stopped.impact
    assert.equal(credentialsTotal, 2)
    // Where the answer of the stop ends, the view of the impact goes on; and the place is of this identity alone.
    const rest = await call('identity.impact', { identity: id, credentialsAfter: credentialsNext })
    assert.deepEqual([rest.credentials[0].id, rest.credentialsNext], ['after_1,crd_test', null])
    const other = { identity: 'feeder', credentialsAfter: credentialsNext }
    await assert.rejects(call('identity.impact', other), { code: 'bad_cursor' })
    assert.deepEqual(stopped.impact.grants, [{ resource: 'orders', actions: ['read'] }])
    assert.deepEqual(
      stopped.impact.dependants.map((each: { name: string; because: string }) => [each.name, each.because]),
      [
        ['reporting', 'upstream'],
        ['feeder', 'downstream'],
      ],
    )
    assert.deepEqual(inventory.stops.at(-1), {
      scope: 'identity',
      id,
      verb: 'quarantine',
      reason: 'leaked key',
      by: 'per_test_admin',
      now: room.clock.now(),
      until: null,
    })
    assert.equal((await findSubject(room.database.reader, id))?.state, 'quarantined')
    assert.equal((await call('identity.list', { state: 'quarantined' })).items[0].stateReason, 'leaked key')
    const released = await call('identity.release', { identity: id, reason: 'key replaced' })
    assert.deepEqual([released.before, released.after], ['quarantined', 'active'])
    assert.deepEqual(inventory.stops.at(-1), { lifted: `identity:${id}` })
    assert.deepEqual((await call('identity.list', { state: 'quarantined' })).items, [])
    const events = await room.events()
    const event = events.find((each) => each.kind === 'inventory.identity.quarantine')
    assert.deepEqual(event?.change, [{ field: 'state', before: 'active', after: 'quarantined' }])
    assert.equal(event?.evidence.reason, 'leaked key')
  },
)

onEveryEngine('a dry run of a quarantine or a release tells the impact and changes nothing', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  await call('identity.create', bot())
  const told = await call('identity.quarantine', { identity: 'orders-sync', reason: 'drill', dryRun: true })
  assert.deepEqual(
    [told.before, told.after, told.isDryRun, told.seq, told.stoppedAt],
    ['active', 'active', true, null, null],
  )
  assert.equal(told.impact.credentials.length, 1)
  assert.equal(inventory.stops.length, 0)
  assert.equal((await call('identity.show', { identity: 'orders-sync' })).state, 'active')
  await assert.rejects(() => call('identity.release', { identity: 'orders-sync', reason: 'drill', dryRun: true }), {
    code: 'wrong_state',
  })
})

onEveryEngine('a reason is mandatory for every stop and every release', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  await call('identity.create', bot())
  for (const [operation, input] of [
    ['identity.quarantine', { identity: 'orders-sync' }],
    ['identity.release', { identity: 'orders-sync' }],
    ['identity.retire', { identity: 'orders-sync' }],
    ['owner.quarantine', { owner: 'payments' }],
    ['owner.release', { owner: 'payments' }],
  ] as const)
    for (const reason of [undefined, '', '  '])
      await assert.rejects(() => call(operation, { ...input, reason }), { code: 'invalid_input' }, operation)
})

onEveryEngine(
  'what was requested is requested again after a release, and quarantining twice forgets nothing',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    await call('identity.create', {
      ...bot(),
      classification: { ...bot().classification, blastRadius: 'write-limited' },
    })
    await call('identity.quarantine', { identity: 'orders-sync', reason: 'one' })
    const again = await call('identity.quarantine', { identity: 'orders-sync', reason: 'two' })
    assert.deepEqual([again.before, again.after], ['quarantined', 'quarantined'])
    assert.equal((await call('identity.release', { identity: 'orders-sync', reason: 'over' })).after, 'requested')
    await assert.rejects(() => call('identity.release', { identity: 'orders-sync', reason: 'again' }), {
      code: 'wrong_state',
    })
  },
)

onEveryEngine(
  'what an identity spawned is stopped and released with it, but not what was stopped by itself',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    await call('team.create', team())
    const { id } = await call('identity.create', bot('parent'))
    await call('identity.create', { ...bot('child'), parent: 'parent' })
    await call('identity.create', { ...bot('grandchild'), parent: 'child' })
    await call('identity.create', { ...bot('suspect'), parent: 'parent' })
    await call('identity.quarantine', { identity: 'suspect', reason: 'odd hours' })
    const stopped = await call('identity.quarantine', { identity: 'parent', reason: 'leaked key' })
    assert.deepEqual(
      stopped.along.map((each: { name: string }) => each.name),
      ['child', 'grandchild'],
    )
    assert.equal(inventory.stops.length, 4)
    await assert.rejects(() => call('identity.release', { identity: 'child', reason: 'please' }), {
      code: 'wrong_state',
    })
    const released = await call('identity.release', { identity: id, reason: 'over' })
    assert.equal(released.along.length, 2)
    const states = (await call('identity.list', {})).items.map((each: { name: string; state: string }) => [
      each.name,
      each.state,
    ])
    assert.deepEqual(Object.fromEntries(states), {
      parent: 'active',
      child: 'active',
      grandchild: 'active',
      suspect: 'quarantined',
    })
  },
)

onEveryEngine(
  'a quarantine and an activation at the same moment leave it quarantined or refuse the activation',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    const writer = { ...bot(), classification: { ...bot().classification, blastRadius: 'write-limited' } }
    for (let round = 0; round < 10; round++) {
      const identity = `writer-${round}`
      await call('identity.create', { ...writer, name: identity })
      const quarantine = call('identity.quarantine', { identity, reason: 'now' })
      const activation = call('identity.activate', { identity, revision: 1, approval: APPROVAL }).catch(() => undefined)
      await Promise.all([quarantine, activation])
      assert.equal((await call('identity.show', { identity })).state, 'quarantined')
    }
  },
)

onEveryEngine('an identity that is not there is not found', async (room) => {
  const { call } = openInventory(room)
  for (const operation of ['identity.quarantine', 'identity.release', 'identity.retire'])
    await assert.rejects(() => call(operation, { identity: 'nobody', reason: 'x' }), { code: 'not_found' })
  for (const operation of ['owner.quarantine', 'owner.release'])
    await assert.rejects(() => call(operation, { owner: 'nobody', reason: 'x' }), { code: 'not_found' })
  await assert.rejects(() => call('identity.impact', { identity: 'nobody' }), { code: 'not_found' })
  await assert.rejects(() => call('identity.show', { identity: 'nobody' }), { code: 'not_found' })
  await assert.rejects(() => call('identity.change', { identity: 'nobody' }), { code: 'not_found' })
  await assert.rejects(() => call('team.show', { team: 'nobody' }), { code: 'not_found' })
  await assert.rejects(() => call('team.change', { team: 'nobody' }), { code: 'not_found' })
})

import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, post, postSecret, setUpOrders } from '../../../test/broker.ts'
import { catchUpUses, runJob } from '../../../test/broker-jobs.ts'
import { ask, rotate, show, turn, whyOf } from '../../../test/rotations.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

onEveryBroker(
  'the old credential retires when all who used it were seen on the new one, and not before',
  async (test) => {
    setUpOrders(test)
    const { clock } = test.room
    const old = await addSecret(test)
    for (const pod of ['pod-1', 'pod-2']) assert.equal(await ask(test, old.secret, pod), 200)
    clock.advance(1000)
    await catchUpUses(test)
    const made = await rotate(test, old.id, { reason: 'once a quarter' })
    assert.match(made.secret, /^reeve_cs_/)
    assert.deepEqual(
      [made.credential.rotation.state, made.replaces.rotation.successor, made.replaces.state],
      ['overlap', made.credential.id, 'active'],
    )
    assert.deepEqual([made.credential.actions.at(-1), made.replaces.actions.at(-1)], ['rollback', 'rollback'])
    assert.equal(Date.parse(made.replaces.overlapEndsAt), clock.now().getTime() + 7 * DAY)
    const { items } = await test.call('broker.credential.list', { identity: 'nhi_sync' })
    assert.deepEqual(
      items
        .map(({ id, rotation }: { id: string; rotation: { state: string } }) => `${id} ${rotation.state}`)
        .toSorted(),
      [old.id, made.credential.id].map((id) => `${id} overlap`).toSorted(),
    )
    clock.advance(2 * HOUR)
    assert.equal(await ask(test, made.secret, 'pod-1'), 200, 'the first has moved')
    await turn(test)
    assert.equal(await ask(test, old.secret, 'pod-2'), 200, 'the second has not, and is served')
    await catchUpUses(test)
    const { consumers } = await show(test, old.id)
    assert.deepEqual(
      consumers.map(({ instance, address, movedAt }: Record<string, string | null>) => [
        instance,
        address,
        movedAt !== null,
      ]),
      [
        ['pod-2', '127.0.0.1', false],
        ['pod-1', '127.0.0.1', true],
      ],
    )
    assert.match(await whyOf(test, old.id), /not seen on the new one yet: instance pod-2 at 127\.0\.0\.1/)
    assert.match(await whyOf(test, made.credential.id), /not seen on the new one yet: instance pod-2/)
    const token = (await postSecret(test, old.secret, { instance: 'pod-2' })).body.access_token
    clock.advance(1000)
    assert.equal(await ask(test, made.secret, 'pod-2'), 200, 'the second moves')
    await turn(test)
    assert.equal((await show(test, old.id)).credential.state, 'active', 'for as long as a token lives it may come back')
    clock.advance(59 * 60_000)
    await turn(test)
    assert.equal((await show(test, old.id)).credential.state, 'active')
    const introspect = async () =>
      (await post(test, '/oauth/introspect', { client_id: 'nhi_sync', client_secret: made.secret, token })).body.active
    clock.advance(55_000)
    assert.equal(await introspect(), true)
    clock.advance(5_000)
    await turn(test)
    const ended = (await show(test, old.id)).credential
    assert.deepEqual(
      [ended.state, ended.rotation.state, ended.rotation.endedBecause],
      ['retired', 'retired', 'all-moved'],
    )
    assert.deepEqual(ended.actions, ['revoke'])
    assert.equal(await ask(test, old.secret, 'pod-1'), 'credential_stopped')
    assert.equal(await ask(test, made.secret, 'pod-1'), 200)
    const why = await whyOf(test, old.id)
    assert.match(why, /rotated .* by per_test_admin: once a quarter; its successor is crd_/)
    assert.match(why, /ended .* by reeve: all consumers had moved/)
    assert.match(why, /seen on the new one: instance pod-1 at 127\.0\.0\.1 .*instance pod-2/)
    assert.match(await whyOf(test, made.credential.id), new RegExp(`successor of ${old.id}`))
    const kinds = (await test.room.events()).map(({ kind, outcome }) => `${kind} ${outcome}`)
    assert.equal(kinds.filter((kind) => kind === 'broker.rotation.advance done').length, 1)
  },
)

onEveryBroker('what a retired credential got lives on, and is introspected as such; revoked, it ends', async (test) => {
  setUpOrders(test)
  const { clock } = test.room
  const old = await addSecret(test)
  const made = await rotate(test, old.id, { deadline: new Date(clock.now().getTime() + HOUR).toISOString() })
  clock.advance(HOUR - 1)
  const token = (await postSecret(test, old.secret)).body.access_token
  test.decisions.addResource(test.url, { environment: 'production' })
  test.decisions.grant('nhi_sync', test.url, ['orders.read'])
  const own = (await postSecret(test, old.secret, { resource: test.url })).body.access_token
  clock.advance(1)
  await turn(test)
  assert.equal((await test.broker.gate.authenticate(own)).actor.id, 'nhi_sync')
  assert.equal(await ask(test, old.secret), 'credential_stopped')
  const introspect = async () =>
    (await post(test, '/oauth/introspect', { client_id: 'nhi_sync', client_secret: made.secret, token })).body.active
  assert.equal(await introspect(), true)
  await assert.rejects(test.call('broker.credential.release', { credential: old.id, reason: 'back' }), {
    code: 'credential_wrong_state',
  })
  await test.call('broker.credential.revoke', { credential: old.id, reason: 'it had leaked' })
  assert.equal(await introspect(), false)
})

onEveryBroker(
  'at the deadline whoever has not moved is named, and the old one retires or is kept as was said',
  async (test) => {
    setUpOrders(test)
    const { clock } = test.room
    for (const atDeadline of ['retire', 'keep-and-find']) {
      const old = await addSecret(test)
      await ask(test, old.secret, 'pod-late')
      await catchUpUses(test)
      const seenAt = clock.now().toISOString()
      const made = await rotate(test, old.id, { atDeadline })
      clock.advance(7 * DAY)
      await turn(test)
      await turn(test)
      const found = test.findings.reported.filter(
        ({ rule, evidence }) => rule === 'rotation-not-finished' && evidence.predecessor === old.id,
      )
      assert.equal(found.length, 1, atDeadline)
      assert.match(found[0]?.evidence.consumers ?? '', new RegExp(`pod-late at 127.0.0.1, last seen ${seenAt}`))
      const { credential } = await show(test, old.id)
      if (atDeadline === 'retire') {
        assert.deepEqual([credential.state, credential.rotation.endedBecause], ['retired', 'deadline'])
        assert.match(await whyOf(test, old.id), /not seen on the new one by then: instance pod-late/)
        continue
      }
      assert.deepEqual([credential.state, credential.rotation.state], ['active', 'overlap'])
      assert.equal(await ask(test, made.secret, 'pod-late'), 200)
      clock.advance(HOUR)
      await turn(test)
      assert.equal(
        (await show(test, old.id)).credential.state,
        'retired',
        'it moved late, and the old one is not kept for ever',
      )
    }
  },
)

onEveryBroker(
  'use of a credential that has retired is a finding that names who; a stranger is one, whatever name it takes',
  async (test) => {
    setUpOrders(test)
    const { clock } = test.room
    const old = await addSecret(test)
    await ask(test, old.secret, 'pod-1')
    await catchUpUses(test)
    await rotate(test, old.id)
    clock.advance(7 * DAY)
    await turn(test)
    for (const instance of ['pod-1', 'mallory-1', 'mallory-2'])
      assert.equal(await ask(test, old.secret, instance), 'credential_stopped')
    await catchUpUses(test)
    const found = test.findings.reported.filter(({ rule }) => rule === 'retired-credential-used')
    const prints = new Map(found.map(({ fingerprint, severity, title }) => [fingerprint, `${severity} ${title}`]))
    assert.equal(prints.size, 2)
    const titles = [...prints.values()].toSorted().join('\n')
    assert.match(
      titles,
      /^high instance mallory-2 at 127\.0\.0\.1 still uses.*\nmedium instance pod-1 at 127\.0\.0\.1 still uses/,
    )
    const stopped = await addSecret(test)
    await test.call('broker.credential.revoke', { credential: stopped.id, reason: 'gone' })
    await ask(test, stopped.secret, 'pod-1')
    await catchUpUses(test)
    assert.equal(test.findings.reported.filter(({ rule }) => rule === 'retired-credential-used').length, found.length)
  },
)

onEveryBroker(
  'a quarantine in the overlap wins: nothing retires by it or in its favour until it is released',
  async (test) => {
    setUpOrders(test)
    const { clock } = test.room
    for (const which of ['old', 'new']) {
      const old = await addSecret(test)
      const made = await rotate(test, old.id)
      const stopped = { credential: which === 'old' ? old.id : made.credential.id, reason: 'looked at' }
      await test.call('broker.credential.quarantine', stopped)
      clock.advance(8 * DAY)
      await turn(test)
      assert.equal((await show(test, old.id)).credential.state, which === 'old' ? 'quarantined' : 'active')
      await test.call('broker.credential.release', stopped)
      await turn(test)
      assert.equal((await show(test, old.id)).credential.state, 'retired')
    }
  },
)

onEveryBroker(
  'a credential used from more places than are kept waits for its deadline, and keeps those that it knew',
  async (test) => {
    setUpOrders(test)
    const { clock, database } = test.room
    const old = await addSecret(test)
    await ask(test, old.secret, 'pod-1')
    await catchUpUses(test)
    const at = clock.now()
    const made = await rotate(test, old.id)
    const flood = Array.from({ length: 250 }, (_, number) => ({
      credential: old.id,
      instance: `made-up-${String(number).padStart(3, '0')}`,
      address: '203.0.113.7',
      at,
    }))
    await database.write((tx) => test.broker.markConsumers(tx, flood))
    const shown = await show(test, old.id)
    assert.deepEqual([shown.consumers.length, shown.areAllConsumersKnown], [200, false])
    assert.ok(shown.consumers.some(({ instance }: { instance: string }) => instance === 'pod-1'))
    clock.advance(1)
    const moved = [...flood.slice(0, 199), { ...flood[0], instance: 'pod-1', address: '127.0.0.1' }].map((each) => ({
      ...each,
      credential: made.credential.id,
      at: clock.now(),
    }))
    await database.write((tx) => test.broker.markConsumers(tx, moved as typeof flood))
    clock.advance(2 * HOUR)
    await turn(test)
    assert.equal((await show(test, old.id)).credential.state, 'active')
    clock.advance(7 * DAY)
    await turn(test)
    assert.equal((await show(test, old.id)).credential.state, 'retired')
    await runJob(test, 'broker.sweep')
    clock.advance(31 * DAY)
    await runJob(test, 'broker.sweep')
    assert.equal((await show(test, old.id)).consumers.length, 0)
  },
)

onEveryBroker('an API that only introspects is a consumer of its credential too', async (test) => {
  setUpOrders(test)
  const { credential, secret } = await test.call('broker.credential.add', {
    identity: 'nhi_orders_api',
    kind: 'client-secret',
  })
  await post(test, '/oauth/introspect', { client_id: 'nhi_orders_api', client_secret: secret, token: 'x' })
  await catchUpUses(test)
  const shown = await show(test, credential.id)
  assert.deepEqual([shown.consumers.length, shown.credential.lastUsedAt], [1, test.room.clock.now().toISOString()])
})

onEveryBroker('when a consumer was last seen never moves backwards, and trusts have none', async (test) => {
  setUpOrders(test)
  const { id } = await addSecret(test)
  const at = test.room.clock.now()
  const place = { credential: id, instance: 'pod-1', address: '127.0.0.1' }
  const mark = (ms: number) =>
    test.room.database.write((tx) =>
      test.broker.markConsumers(tx, [
        { ...place, at: new Date(at.getTime() + ms) },
        { ...place, credential: trust, at },
      ]),
    )
  const { credential } = await test.call('broker.trust.add', {
    identity: 'nhi_sync',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: test.url,
    claims: { repository_id: '1', environment: 'production' },
  })
  const trust = credential.id
  for (const ms of [0, 5_000, 1_000]) await mark(ms)
  const [consumer] = (await show(test, id)).consumers
  assert.deepEqual(
    [Date.parse(consumer.firstSeenAt), Date.parse(consumer.lastSeenAt)],
    [at.getTime(), at.getTime() + 5_000],
  )
  assert.deepEqual((await show(test, trust)).consumers, [])
})

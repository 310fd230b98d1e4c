import assert from 'node:assert/strict'
import { type Answer, ORDERS, onEveryBroker, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'
import { rotate, show, turn, whyOf } from '../../../test/rotations.ts'
import { liftStop, placeStop } from '../store-stop.ts'

const MINUTE = 60_000
const receiver = (id = 'nhi_orders_api') => ({
  ...adminCaller,
  roles: [],
  actor: { principalType: 'nhi', id, name: id.replace('nhi_', '') } as const,
})
const add = (test: TestBroker, over: object = {}): Promise<Answer> =>
  test.call('broker.credential.add', {
    ...{ identity: 'nhi_sync', kind: 'webhook-secret', resource: ORDERS, actions: ['orders.read'] },
    ...over,
  })
const take = (test: TestBroker, seen: object[] = [], by = receiver()): Promise<Answer> =>
  test.call('broker.webhook.take', { resource: ORDERS, seen }, by)
const secretsOf = async (test: TestBroker): Promise<string[]> =>
  (await take(test)).secrets.map(({ secret }: { secret: string }) => secret)

onEveryBroker(
  'what signs webhooks is told to who serves the resource, and to nobody else; at rest there is its seal alone',
  async (test) => {
    setUpOrders(test)
    const { credential, secret, verdict } = await add(test)
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.deepEqual([verdict, credential.limits.audience], ['preferred', ORDERS])
    const { secrets, seq } = await take(test)
    const { id, expiresAt } = credential
    const told = { credential: id, identity: 'nhi_sync', name: 'sync', owner: 'team_orders', expiresAt, secret }
    assert.deepEqual([secrets, seq], [[{ ...told, actions: ['orders.read'] }], 0])
    for (const by of ['nhi_sync', 'nhi_no'])
      await assert.rejects(take(test, [], receiver(by)), { code: 'webhook_not_received' })
    await assert.rejects(take(test, [], adminCaller as never), { code: 'wrong_principal_type' })
    const { reader } = test.room.database
    const kept = async () => reader.selectFrom('broker_credential').select(['secret_hash', 'sealed']).execute()
    const [row] = await kept()
    assert.deepEqual([row?.secret_hash, String(row?.sealed).startsWith('v1.')], [null, true])
    for (const table of ['broker_credential', 'ledger_unnumbered', 'ledger_entry', 'ledger_kept', 'kit_change'])
      assert.ok(!JSON.stringify(await reader.selectFrom(table).selectAll().execute()).includes(secret), table)
    // K1: a seal that is moved to another row opens nothing there.
    const other = await add(test)
    await test.room.database.write((tx) =>
      tx.updateTable('broker_credential').set({ sealed: row?.sealed }).where('id', '=', other.credential.id).execute(),
    )
    await assert.rejects(take(test))
    for (const each of [other.credential.id, id])
      await test.call('broker.credential.revoke', { credential: each, reason: 'over' })
    assert.deepEqual(
      (await kept()).map(({ sealed }) => sealed),
      [null, null],
      'what is over is not even sealed',
    )
  },
)

onEveryBroker('a sender that is stopped, or that policy grants nothing any more, is left out at once', async (test) => {
  setUpOrders(test)
  const { credential } = await add(test)
  const lastEvent = async () => (await test.room.events()).findLast(({ kind }) => kind === 'broker.webhook.take')
  const on = { credential: credential.id, reason: 'test' }
  await test.call('broker.credential.quarantine', on)
  const stopped = await take(test)
  assert.deepEqual([stopped.secrets, stopped.seq], [[], 1])
  await test.call('broker.credential.release', on)
  assert.equal((await secretsOf(test)).length, 1)
  // V3: committed by another replica, of which this one has not heard yet.
  await test.room.database.write(async (tx) => {
    const stop = { scope: 'owner', subject: 'team_orders', verb: 'quarantine', reason: 'test', by: null } as const
    await placeStop(tx, { ...stop, id: 'stp_other', now: test.room.clock.now(), until: null })
  })
  assert.deepEqual(await secretsOf(test), [])
  await test.room.database.write(async (tx) => {
    await liftStop(tx, 'owner', 'team_orders', test.room.clock.now())
  })
  test.decisions.grant('nhi_sync', ORDERS, ['orders.write'])
  assert.deepEqual(await secretsOf(test), [], 'granted something, but nothing that the secret is for')
  assert.equal((await lastEvent())?.evidence.leftOut, `${credential.id} token_denied`)
  test.decisions.grant('nhi_sync', ORDERS, ['orders.read'])
  assert.equal((await secretsOf(test)).length, 1)
  test.subjects.put('nhi_sync', { state: 'quarantined' })
  await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
  await test.room.changes.catchUp()
  assert.deepEqual(await secretsOf(test), [])
  assert.match(String((await lastEvent())?.evidence.leftOut), /identity_stopped$/)
})

onEveryBroker('what signs webhooks is for one resource, and for those who may hold a secret', async (test) => {
  setUpOrders(test)
  for (const [over, code] of [
    [{ resource: undefined }, 'api_key_limits_wrong'],
    [{ actions: undefined }, 'api_key_limits_wrong'],
    [{ networks: ['10.0.0.0/8'] }, 'api_key_limits_wrong'],
    [{ ratePerMinute: 5 }, 'api_key_limits_wrong'],
    [{ resource: 'https://nowhere.example.com' }, 'resource_not_registered'],
    [{ actions: ['orders.fly'] }, 'scope_malformed'],
    [{ publicKey: { kty: 'EC' } }, 'credential_key_missing'],
  ] as const)
    await assert.rejects(add(test, over), { code }, JSON.stringify(over))
  for (const [kind, tier] of [
    ['ci-job', 'low'],
    ['agent', 'low'],
    ['device', 'low'],
    ['bot', 'high'],
  ] as const) {
    test.subjects.put('nhi_sync', { kind, tier })
    await assert.rejects(add(test), { code: 'credential_kind_refused' }, `${kind} ${tier}`)
  }
  for (const kind of ['integration', 'account', 'service']) {
    test.subjects.put('nhi_sync', { kind, tier: 'medium' })
    assert.equal((await add(test)).verdict, 'preferred')
  }
})

onEveryBroker(
  'in a rotation both secrets are told, until the receiver has seen every sender on the new one; one that comes back is a finding',
  async (test) => {
    setUpOrders(test)
    const { clock } = test.room
    const old = await add(test)
    const seen = (of: Answer, ip: string) => ({ credential: of.credential.id, at: clock.now().toISOString(), ip })
    assert.equal((await take(test, [seen(old, '10.7.0.1'), seen(old, '10.7.0.2')])).accepted, 2)
    clock.advance(1000)
    await turn(test)
    const next = await rotate(test, old.credential.id)
    assert.deepEqual((await secretsOf(test)).toSorted(), [old.secret, next.secret].toSorted())
    clock.advance(MINUTE)
    await take(test, [seen(next, '10.7.0.1')])
    clock.advance(2 * 60 * MINUTE)
    await turn(test)
    assert.match(
      await whyOf(test, old.credential.id),
      /it signs webhooks to .*not seen on the new one yet: .*10\.7\.0\.2/s,
    )
    assert.equal((await show(test, old.credential.id)).credential.state, 'active')
    await take(test, [seen(next, '10.7.0.2')])
    clock.advance(61 * MINUTE)
    await turn(test)
    assert.deepEqual(
      [(await show(test, old.credential.id)).credential.state, await secretsOf(test)],
      ['retired', [next.secret]],
    )
    clock.advance(5 * MINUTE)
    await take(test, [seen(old, '10.7.0.9')])
    assert.deepEqual(
      test.findings.reported.map(({ rule, identity }) => [rule, identity]),
      [['retired-credential-used', 'nhi_sync']],
    )
    test.exceptions.add('credential.api-key', 'nhi_sync', new Date(clock.now().getTime() + 60 * MINUTE))
    const { credential: key } = await add(test, { kind: 'api-key' })
    const early = new Date(clock.now().getTime() - 24 * 60 * MINUTE).toISOString()
    const untrue = [
      { credential: key.id, at: clock.now().toISOString() },
      { credential: 'crd_none', at: clock.now().toISOString() },
      { ...seen(next, '10.7.0.1'), at: early },
      { ...seen(next, '10.7.0.1'), at: new Date(clock.now().getTime() + 5 * MINUTE).toISOString() },
    ]
    assert.equal((await take(test, untrue)).accepted, 0)
  },
)

import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'
import { INSTANCES_MAX } from '../store-verifier.ts'

const verifier = (instance: string | null, id = 'nhi_orders_api') => ({
  ...adminCaller,
  roles: [],
  actor: { principalType: 'nhi', id, name: id.replace('nhi_', '') } as const,
  instance,
})

onEveryBroker(
  'a quarantine names the verifiers that have not confirmed it, and they leave the list when they do',
  async (test) => {
    setUpOrders(test)
    const { id } = await addSecret(test)
    const confirm = (seq: number, caller = verifier('pod-1')) => test.call('broker.verifier.confirm', { seq }, caller)
    await confirm(0)
    await confirm(0, verifier(null))
    const { seq, unconfirmed } = await test.call('broker.credential.quarantine', { credential: id, reason: 'test' })
    const heard = { kind: 'verifier', name: 'orders_api', confirmedSeq: 0, lastHeardAt: '2026-11-22T12:00:00.000Z' }
    assert.deepEqual(unconfirmed, [
      { ...heard, instance: null },
      { ...heard, instance: 'pod-1' },
    ])
    const left = async () => namesOf(await unconfirmedNow(test, seq))
    await confirm(seq)
    assert.deepEqual(await left(), ['orders_api'])
    await confirm(0)
    assert.deepEqual(await left(), ['orders_api'], 'a late confirmation takes nothing back')
    test.room.clock.advance(8 * 86_400_000)
    const [silent, ...others] = await unconfirmedNow(test, seq)
    assert.deepEqual([silent?.lastHeardAt, others], [null, []], 'after a week it is one that never confirmed')
  },
)

onEveryBroker(
  'a quarantine names who serves what the identity can reach, though it never confirmed, and open feeds',
  async (test, t) => {
    setUpOrders(test)
    test.subjects.put('nhi_other_api')
    test.decisions.addResource('https://other.example.com', { servedBy: ['nhi_other_api'] })
    const { id } = await addSecret(test)
    const { unconfirmed } = await test.call('broker.credential.quarantine', { credential: id, reason: 'test' })
    const silent = { kind: 'verifier', instance: null, confirmedSeq: null, lastHeardAt: null }
    assert.deepEqual(unconfirmed, [{ ...silent, name: 'orders_api' }])
    const ofMany = await unconfirmedNow(test, 1, null)
    assert.deepEqual(namesOf(ofMany), ['orders_api', 'other_api'], 'of a team anybody may hold a token')

    const stop = new AbortController()
    t.after(() => stop.abort())
    const open = () =>
      fetch(`${test.url}/revocations`, { headers: { accept: 'text/event-stream' }, signal: stop.signal })
    const streams = await Promise.all([open(), open()])
    const [, feed, ...others] = await unconfirmedNow(test, 1)
    assert.deepEqual(
      [feed, others],
      [{ ...silent, kind: 'connection', name: '127.0.0.1', lastHeardAt: '2026-11-22T12:00:00.000Z' }, []],
    )
    stop.abort()
    await Promise.all(streams.map((stream) => stream.text().catch(() => undefined)))
    await until(async () => (await unconfirmedNow(test, 1)).length === 1)
  },
)

const unconfirmedNow = (test: TestBroker, seq: number, identity: string | null = 'nhi_sync') =>
  test.broker.stops.unconfirmed(test.room.database.reader, { seq, identity, now: test.room.clock.now() })

const namesOf = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name)

/** Waits for what the network brings about. */
const until = async (isTrue: () => Promise<boolean>): Promise<void> => {
  while (!(await isTrue())) await new Promise((turn) => setImmediate(turn))
}

onEveryBroker('only who serves a resource confirms, and nothing that the feed has not said', async (test) => {
  setUpOrders(test)
  const input = { seq: 0 }
  await assert.rejects(test.call('broker.verifier.confirm', input, verifier(null, 'nhi_sync')), {
    code: 'verifier_not_known',
  })
  await assert.rejects(test.call('broker.verifier.confirm', { seq: 1 }, verifier(null)), { code: 'verifier_ahead' })
  await assert.rejects(test.call('broker.verifier.confirm', input), { code: 'wrong_principal_type' })
})

onEveryBroker(
  'whoever has the credential of a verifier fills no table: of its instances the one that was silent for longest is forgotten',
  async (test) => {
    setUpOrders(test)
    const at = test.room.clock.now().getTime()
    const row = { name: 'orders_api', seq: 0, held_keys: null }
    const made = Array.from({ length: INSTANCES_MAX }, (_, age) => ({
      ...{ ...row, identity: 'nhi_orders_api', instance: `made-${age}`, at: at - age },
    }))
    const others = { ...row, identity: 'nhi_other_api', instance: '', at: at - INSTANCES_MAX }
    await test.room.database.write((tx) =>
      tx
        .insertInto('broker_verifier')
        .values([...made, others])
        .execute(),
    )
    await test.call('broker.verifier.confirm', { seq: 0 }, verifier('pod-1'))
    const kept = await test.room.database.reader
      .selectFrom('broker_verifier')
      .select(['identity', 'instance'])
      .execute()
    assert.equal(kept.length, INSTANCES_MAX + 1)
    const names = new Set(kept.map(({ instance }) => instance))
    assert.deepEqual(
      ['pod-1', 'made-0', `made-${INSTANCES_MAX - 2}`, `made-${INSTANCES_MAX - 1}`, ''].map((name) => names.has(name)),
      [true, true, true, false, true],
    )
    // One that is known takes nobody's place.
    await test.call('broker.verifier.confirm', { seq: 0 }, verifier('pod-1'))
    const after = await test.room.database.reader.selectFrom('broker_verifier').select('instance').execute()
    assert.equal(after.length, kept.length)
  },
)

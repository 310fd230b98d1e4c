import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'

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

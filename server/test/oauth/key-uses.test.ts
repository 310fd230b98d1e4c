import assert from 'node:assert/strict'
import { nameOfUse, placeOfUse, usesOf } from '../../src/ledger/shared-event.ts'
import { usesSince } from '../../src/observe/index.ts'
import { addSecret, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'
import { catchUpUses } from '../broker-jobs.ts'

const ADDRESS = '10.7.1.2'
const MANY = 40

/** A till with a key, and how its API asks about that: many times in one turn, so that one commit holds all. */
const setUpTill = async (test: TestBroker) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { kind: 'device' })
  const { secret: client_secret } = await addSecret(test, 'nhi_orders_api')
  const { credential, secret: token } = await test.call('broker.credential.add', {
    ...{ identity: 'nhi_sync', kind: 'api-key', resource: ORDERS, actions: ['orders.read'], networks: ['10.7.0.0/16'] },
  })
  const form = { client_id: 'nhi_orders_api', client_secret, token, source_ip: ADDRESS }
  let asked = 0
  const ask = async (given: Readonly<Record<string, string>> = {}) => {
    asked += 1
    const found = await test.broker.introspectToken({
      form: new Map(Object.entries({ ...form, ...given })),
      authorization: undefined,
      source: { ip: '192.0.2.1', region: null, userAgent: null },
      requestId: `req_${asked}`,
      traceparent: null,
      failed: () => 0,
    })
    return 'said' in found ? found : assert.fail(found.code)
  }
  // What is not in memory yet is read for one alone.
  const first = await ask()
  assert.equal(first.said.active, true)
  const events = async () =>
    (await test.room.events()).filter(({ kind }) => kind === 'broker.token.introspect').slice(1)
  const askMany = (given?: Readonly<Record<string, string>>) =>
    Promise.all(Array.from({ length: MANY }, () => ask(given)))
  return { id: credential.id as string, form, first, ask, askMany, events }
}

onEveryBroker(
  'uses of a key that are recorded together are one event, which tells all that many would',
  async (test) => {
    const { ask, askMany, events, first } = await setUpTill(test)
    assert.equal(first.requestId, 'req_1')
    const found = await askMany()
    const alone = await ask()
    const [shared, single, ...more] = await events()
    assert.ok(shared !== undefined && single !== undefined)
    assert.equal(more.length, 0)
    assert.equal(alone.requestId, single.correlation.requestId)
    const { uses, ...evidence } = shared.evidence
    assert.equal(uses, MANY)
    // All but the names is what one that is alone says.
    assert.deepEqual(
      { ...shared, evidence, id: '', correlation: {}, decision: { ...shared.decision, id: '' } },
      { ...single, id: '', correlation: {}, decision: { ...single.decision, id: '' } },
    )
    // Each was told its place there, in the order in which they asked.
    const names = Array.from({ length: MANY }, (_, at) => nameOfUse('req_2', at))
    assert.equal(shared.correlation.requestId, 'req_2')
    assert.deepEqual(
      found.map(({ requestId }) => requestId),
      names,
    )
    assert.ok(found.every(({ said }) => said.active))
  },
)

onEveryBroker('each use counts: how often, when last, and from where', async (test) => {
  const { id, askMany } = await setUpTill(test)
  const { room } = test
  await catchUpUses(test)
  const since = room.clock.now()
  room.clock.advance(5_000)
  await askMany()
  room.clock.advance(5_000)
  await askMany({ source_ip: '10.7.9.9' })
  await catchUpUses(test)
  const last = room.clock.now()
  const counted = await usesSince(room.database.reader, ['nhi_sync'], new Date(0))
  // With the one that set it up.
  assert.deepEqual(counted, [{ resource: ORDERS, action: null, at: last, count: 2 * MANY + 1 }])
  const { credential, consumers } = await test.call('broker.credential.show', { credential: id })
  assert.equal(credential.lastUsedAt, last.toISOString())
  const seen = consumers.map((one: { address: string; lastSeenAt: string }) => [one.address, one.lastSeenAt])
  assert.deepEqual(seen.sort(), [
    ['10.7.1.2', new Date(since.getTime() + 5_000).toISOString()],
    ['10.7.9.9', last.toISOString()],
  ])
})

onEveryBroker('what differs, or is not active, is recorded by itself', async (test) => {
  const { ask, events, form } = await setUpTill(test)
  const other = { source_ip: '10.7.1.3' }
  const outside = { source_ip: '10.8.0.1' }
  await Promise.all([
    ask(),
    ask(other),
    ask(outside),
    ask(),
    ask({ token: `${form.token}0` }),
    ask(other),
    ask(outside),
  ])
  const told = (await events()).map((event) => [event.evidence.usedIp ?? null, event.evidence.why, usesOf(event)])
  assert.deepEqual(
    told.sort(),
    [
      ['10.7.1.2', null, 2],
      ['10.7.1.3', null, 2],
      ['10.8.0.1', 'network', 1],
      ['10.8.0.1', 'network', 1],
      [null, 'not_ours', 1],
    ].sort(),
  )
})

onEveryBroker(
  'a key that was stopped after it was judged and before the commit is inactive for each who asked',
  async (test) => {
    const { id, ask, askMany, events } = await setUpTill(test)
    const { room, broker } = test
    // As on another replica: this one hears of it when it commits.
    await room.database.write(async (tx) => {
      const stop = { scope: 'credential', id, verb: 'quarantine', reason: 'test', by: null, until: null } as const
      await room.changes.signal(tx, (await broker.stops.stop(tx, { ...stop, now: room.clock.now() })).signals)
    })
    const found = await askMany()
    assert.ok(found.every(({ said }) => !said.active))
    const recorded = await events()
    assert.deepEqual(
      recorded.map((event) => [event.evidence.why, event.evidence.active, usesOf(event), event.correlation.requestId]),
      found.map(({ requestId }) => ['credential_stopped', false, 1, requestId]),
    )
    assert.equal((await ask()).said.active, false)
  },
)

onEveryBroker(
  'a key that was stopped between the commit and the answer is inactive, under the name that was recorded',
  async (test) => {
    const { id, askMany, events } = await setUpTill(test)
    const { room, broker } = test
    const { database } = room
    const { writeGroup, writeAtOnce } = database
    /** Stops the key once, as soon as what is given is committed. */
    const thenStop = async <T>(committed: Promise<T>): Promise<T> => {
      const done = await committed
      Object.assign(database, { writeGroup, writeAtOnce })
      await database.write(async (tx) => {
        const stop = { scope: 'credential', id, verb: 'quarantine', reason: 'test', by: null, until: null } as const
        await room.changes.signal(tx, (await broker.stops.stop(tx, { ...stop, now: room.clock.now() })).signals)
      })
      await room.changes.catchUp()
      return done
    }
    database.writeGroup = (work) => thenStop(writeGroup(work))
    if (writeAtOnce !== undefined) database.writeAtOnce = (...given) => thenStop(writeAtOnce(...given))
    const found = await askMany()
    assert.ok(found.every(({ said }) => !said.active))
    const [shared, ...more] = await events()
    assert.deepEqual([shared?.evidence.uses, more.length], [MANY, 0])
    const name = shared?.correlation.requestId ?? ''
    assert.deepEqual(
      found.map(({ requestId }) => requestId),
      found.map((_, at) => nameOfUse(name, at)),
    )
  },
)

onEveryBroker('whichever way it asks, an API hears of the name under which the log has its request', async (test) => {
  const { form, events } = await setUpTill(test)
  // The second is in a form that the door does not take.
  const ways: readonly Record<string, string>[] = [
    {},
    { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  ]
  const names = await Promise.all(
    Array.from({ length: MANY }, async (_, at) => {
      const { headers, body } = await post(test, '/oauth/introspect', form, ways[at % 2])
      assert.equal(body.active, true)
      return headers.get('x-request-id') ?? ''
    }),
  )
  assert.equal(new Set(names).size, MANY)
  const places = (await events()).flatMap((event) => {
    const { requestId } = event.correlation
    const uses = usesOf(event)
    return uses === 1 ? [requestId] : Array.from({ length: uses }, (_, at) => nameOfUse(requestId, at))
  })
  assert.deepEqual(names.sort(), places.sort())
  assert.ok(
    names.some((name) => placeOfUse(name) !== undefined),
    'none shared an event',
  )
})

import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { makeFakes, onEveryBroker, openBroker, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'
import { openEndpoint } from '../../../test/signals/receiver.ts'
import type { Caller } from '../../kit/operation.ts'
import { tokenDigest } from '../memory/token-reader.ts'

const API = 'nhi_orders_api'
const DAY_MS = 86_400_000

const create = (test: TestBroker, input: object = {}) => test.call('broker.stream.create', { identity: API, ...input })

/** Stops an instance of the identity that reaches the receiver's resource; gives its number in the feed. */
const stop = async (test: TestBroker, instance: string): Promise<number> =>
  (await test.call('broker.instance.quarantine', { identity: 'nhi_sync', instance, reason: 'test' })).seq

const poll = async (test: TestBroker, stream: string, input: object = {}) => {
  const { sets } = await test.call('broker.stream.poll', { stream, ...input })
  return sets.map(({ jti }: { jti: string }) => jti.replace(`${stream}.`, '')) as string[]
}

const sweep = async (test: TestBroker): Promise<void> => {
  const jobs = test.broker.jobs(() => assert.fail('nothing is to be called'))
  await jobs.find(({ name }) => name === 'broker.sweep')?.run(test.room.clock.now())
}

const jtisOf = (got: readonly { readonly body: string }[]) =>
  got.map(({ body }) => String(decodeJwt(body).jti).replace(/^.*\./, ''))

onEveryBroker(
  'a receiver that is away gets everything in order when it is back, under the same names',
  async (test) => {
    setUpOrders(test)
    const endpoint = await openEndpoint()
    try {
      const { id } = await create(test, { endpoint: endpoint.url })
      endpoint.answer = () => ({ status: 503 })
      for (const instance of ['a', 'b', 'c']) await stop(test, instance)
      for (let tried = 0; tried < 6; tried++) {
        await test.broker.streams.sendDue()
        test.room.clock.advance(300_000)
      }
      const shown = await test.call('broker.stream.show', { stream: id })
      assert.deepEqual([shown.lastError, shown.heardAt], ['it answers with status 503', null])
      assert.ok(shown.failures >= 5, String(shown.failures))
      const why = await test.broker.reasons.str(test.room.database.reader, id)
      assert.match(why?.because[0] ?? '', new RegExp(`^it tells \\S+ \\(${API}\\) by `))
      assert.match(why?.because.join('\n') ?? '', /failed in a row, the last by: it answers with status 503; the next/)
      assert.equal(await test.broker.identityOf.str(test.room.database.reader, id), API)
      assert.deepEqual(
        test.findings.reported.map(({ rule, identity }) => [rule, identity]),
        [['stream-undelivered', API]],
      )
      assert.deepEqual(new Set(jtisOf(endpoint.got)), new Set(['1s']), 'nothing comes before what is first')
      const failed = endpoint.got.length
      endpoint.answer = () => ({ status: 202 })
      test.room.clock.advance(300_000)
      await test.broker.streams.sendDue()
      assert.deepEqual(jtisOf(endpoint.got.slice(failed)), ['1s', '2s', '3s'])
      const after = await test.call('broker.stream.show', { stream: id })
      assert.deepEqual([after.position, after.failures, after.lastError], [3, 0, null])
    } finally {
      endpoint.close()
    }
  },
)

onEveryBroker('how often a dead receiver is tried falls to once in five minutes', async (test) => {
  setUpOrders(test)
  const endpoint = await openEndpoint()
  endpoint.answer = () => ({ status: 500 })
  try {
    await create(test, { endpoint: endpoint.url })
    await stop(test, 'a')
    await test.broker.streams.sendDue()
    const counts: number[] = []
    for (let hour = 0; hour < 3; hour++) {
      const before = endpoint.got.length
      for (let second = 0; second < 3600; second += 30) {
        test.room.clock.advance(30_000)
        await test.broker.streams.sendDue()
      }
      counts.push(endpoint.got.length - before)
    }
    assert.deepEqual(counts.slice(1), [12, 12])
  } finally {
    endpoint.close()
  }
})

onEveryBroker(
  'an event that its receiver refuses three times is found, and what comes after it is told',
  async (test) => {
    setUpOrders(test)
    const endpoint = await openEndpoint()
    const body = JSON.stringify({ err: 'invalid_audience', description: 'not me' })
    endpoint.answer = (at) =>
      at <= 3 ? { status: 400, body, headers: { 'content-type': 'application/json' } } : { status: 202 }
    try {
      await create(test, { endpoint: endpoint.url })
      for (const instance of ['a', 'b']) await stop(test, instance)
      for (let tried = 0; tried < 4; tried++) {
        await test.broker.streams.sendDue()
        test.room.clock.advance(60_000)
      }
      await test.broker.streams.sendDue()
      assert.deepEqual(jtisOf(endpoint.got), ['1s', '1s', '1s', '2s'])
      const [found] = test.findings.reported
      assert.deepEqual([found?.rule, found?.evidence.code], ['stream-event-refused', 'invalid_audience'])
    } finally {
      endpoint.close()
    }
  },
)

onEveryBroker('nothing is sent where no push may go, and its stream says why', async (test) => {
  setUpOrders(test)
  const target = await openEndpoint()
  const redirecting = await openEndpoint()
  redirecting.answer = () => ({ status: 307, headers: { location: target.url } })
  try {
    const cases: [string, RegExp][] = [
      [redirecting.url, /redirects \(307\)/],
      ['https://10.0.0.1/events', /not public/],
      ['http://[::ffff:169.254.169.254]/latest', /not public/],
    ]
    const ids: string[] = []
    for (const [endpoint] of cases) ids.push((await create(test, { endpoint })).id)
    await stop(test, 'a')
    await test.broker.streams.sendDue()
    for (const [at, [endpoint, why]] of cases.entries())
      assert.match((await test.call('broker.stream.show', { stream: ids[at] })).lastError, why, endpoint)
    assert.equal(target.got.length, 0)
    for (const endpoint of [
      'https://user@receiver.example/',
      'ftp://receiver.example/',
      'https://a.example/#x',
      'no URL',
    ])
      await assert.rejects(create(test, { endpoint }), { code: 'stream_delivery_wrong' })
    await assert.rejects(create(test, { method: 'push' }), { code: 'stream_delivery_wrong' })
    await assert.rejects(create(test, { authorization: 'Bearer x' }), { code: 'stream_delivery_wrong' })
  } finally {
    target.close()
    redirecting.close()
  }
})

onEveryBroker(
  'a receiver that was stopped, or serves nothing any more, is told nothing until it is again',
  async (test) => {
    setUpOrders(test)
    const endpoint = await openEndpoint()
    try {
      const { id } = await create(test, { endpoint: endpoint.url })
      test.subjects.put(API, { state: 'quarantined' })
      await stop(test, 'a')
      await test.broker.streams.sendDue()
      assert.equal((await test.call('broker.stream.show', { stream: id })).lastError, 'the receiver is quarantined')
      assert.equal(endpoint.got.length, 0)
      test.subjects.put(API, { state: 'active' })
      test.room.clock.advance(60_000)
      await test.broker.streams.sendDue()
      assert.deepEqual(jtisOf(endpoint.got), ['1s'])
    } finally {
      endpoint.close()
    }
  },
)

onEveryBroker(
  'who was away for longer than the feed is kept hears of that, and of everything in force',
  async (test) => {
    setUpOrders(test)
    const { id } = await create(test)
    await stop(test, 'lifted')
    await stop(test, 'held')
    await test.call('broker.instance.release', { identity: 'nhi_sync', instance: 'lifted', reason: 'test' })
    await sweep(test)
    assert.deepEqual(await poll(test, id), ['1s', '2s', '3t'], 'a day has not passed')
    test.room.clock.advance(DAY_MS + 1)
    await sweep(test)
    const { sets } = await test.call('broker.stream.poll', { stream: id })
    const [told] = sets
    const [[type, event] = []] = Object.entries(told.claims.events)
    assert.match(String(type), /\/ssf\/event-type\/stream-updated$/)
    assert.deepEqual([Object(event).status, /forget what was told/.test(Object(event).reason)], ['enabled', true])
    assert.deepEqual(
      sets.slice(1).map(({ jti }: { jti: string }) => jti),
      [`${id}.2s`],
    )
    await stop(test, 'new')
    const taken = sets.map(({ jti }: { jti: string }) => jti)
    assert.deepEqual(await poll(test, id, { taken }), ['4s'])
    // Whoever has taken everything is not started again.
    assert.deepEqual(await poll(test, id, { taken: [`${id}.4s`] }), [])
    test.room.clock.advance(2 * DAY_MS)
    await sweep(test)
    assert.deepEqual(await poll(test, id), [])
  },
)

onEveryBroker('events are taken in any order, and only those of this stream', async (test) => {
  setUpOrders(test)
  const { id } = await create(test)
  const other = await create(test)
  for (const instance of ['a', 'b', 'c', 'd']) await stop(test, instance)
  assert.deepEqual(await poll(test, id, { limit: 2 }), ['1s', '2s'])
  assert.deepEqual(await poll(test, id, { taken: [`${id}.2s`, `${id}.4s`] }), ['1s', '3s'])
  const foreign = [`${other.id}.1s`, `${id}.1x`, `${id}.99999s`, `${id}.`, '1s', `${id}.1`, `${id}.-1s`, `${id}.0s`]
  assert.deepEqual(await poll(test, id, { taken: foreign }), ['1s', '3s'])
  assert.equal((await test.call('broker.stream.show', { stream: id })).position, 0)
  assert.deepEqual(await poll(test, id, { taken: [`${id}.1s`] }), ['3s'])
  assert.equal((await test.call('broker.stream.show', { stream: id })).position, 2)
  assert.deepEqual(await poll(test, id, { taken: [`${id}.3s`] }), [])
  assert.equal((await test.call('broker.stream.show', { stream: id })).position, 4)
  assert.deepEqual(await poll(test, other.id), ['1s', '2s', '3s', '4s'])
  const rows = await test.room.database.reader.selectFrom('broker_stream').select('taken').execute()
  assert.deepEqual(new Set(rows.map(({ taken }) => taken)), new Set(['[]']), 'what was taken is not kept for ever')
})

onEveryBroker('what was taken of the future is not taken when it comes', async (test) => {
  setUpOrders(test)
  const { id } = await create(test)
  await poll(test, id, { taken: [`${id}.1s`, `${id}.2s`] })
  await stop(test, 'a')
  assert.deepEqual(await poll(test, id), ['1s'])
})

onEveryBroker('two replicas that push at once tell each event once', async (test) => {
  setUpOrders(test)
  const endpoint = await openEndpoint()
  const { subjects, decisions, findings, exceptions } = test
  const fakes = { ...makeFakes(), subjects, decisions, findings, exceptions }
  const other = await openBroker(test.room, fakes, { issuer: test.url })
  try {
    await create(test, { endpoint: endpoint.url })
    for (let at = 0; at < 10; at++) {
      await stop(test, `pod-${at}`)
      await Promise.all([test.broker.streams.sendDue(), other.broker.streams.sendDue()])
    }
    await Promise.all([test.broker.streams.sendDue(), other.broker.streams.sendDue()])
    assert.deepEqual(
      jtisOf(endpoint.got),
      Array.from({ length: 10 }, (_, at) => `${at + 1}s`),
    )
  } finally {
    await other.http.close()
    endpoint.close()
  }
})

onEveryBroker(
  'a stream that its replica left behind is taken over when the lease has run out, and not before',
  async (test) => {
    setUpOrders(test)
    const endpoint = await openEndpoint()
    try {
      const { id } = await create(test, { endpoint: endpoint.url })
      const until = test.room.clock.now().getTime() + 10_000
      await test.room.database.write((tx) =>
        tx
          .updateTable('broker_stream')
          .set({ lease_holder: 'srv_dead', lease_until: until })
          .where('id', '=', id)
          .execute(),
      )
      await stop(test, 'a')
      await test.broker.streams.sendDue()
      assert.equal(endpoint.got.length, 0)
      test.room.clock.advance(10_000)
      await test.broker.streams.sendDue()
      assert.deepEqual(jtisOf(endpoint.got), ['1s'])
    } finally {
      endpoint.close()
    }
  },
)

onEveryBroker('a receiver has four streams at most, however many are asked for at once', async (test) => {
  setUpOrders(test)
  const asked = await Promise.allSettled(Array.from({ length: 12 }, () => create(test)))
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 4)
  for (const each of asked) if (each.status === 'rejected') assert.equal(each.reason.code, 'stream_limit_reached')
  await assert.rejects(create(test, { identity: 'nhi_sync' }), { code: 'stream_not_for_receiver' })
  await assert.rejects(test.call('broker.stream.create', {}), { code: 'invalid_input' })
  test.subjects.put(API, { state: 'quarantined' })
  await assert.rejects(create(test), { code: 'identity_not_active' })
})

onEveryBroker(
  'the header of a push is sealed, shown to nobody, and does not go along to another endpoint',
  async (test) => {
    setUpOrders(test)
    const endpoint = await openEndpoint()
    const authorization = 'Bearer the-secret-of-a-receiver'
    try {
      const { id, hasAuthorization } = await create(test, { endpoint: 'https://receiver.example/', authorization })
      assert.equal(hasAuthorization, true)
      const rows = await test.room.database.reader.selectFrom('broker_stream').selectAll().execute()
      const kept = JSON.stringify([rows, await test.room.events(), await test.call('broker.stream.list', {})])
      assert.ok(!kept.includes('the-secret-of-a-receiver'))
      await test.call('broker.stream.change', { stream: id, endpoint: endpoint.url })
      await stop(test, 'a')
      await test.broker.streams.sendDue()
      assert.equal(endpoint.got[0]?.headers.authorization, undefined)
    } finally {
      endpoint.close()
    }
  },
)

onEveryBroker('a stream is verified once in a minute', async (test) => {
  setUpOrders(test)
  const { id } = await create(test)
  await test.call('broker.stream.verify', { stream: id, state: 'x' })
  await assert.rejects(test.call('broker.stream.verify', { stream: id }), (error) => {
    assert.deepEqual([Object(error).code, Object(error).extras.retryAfterSeconds], ['stream_verified_lately', 60])
    return true
  })
  test.room.clock.advance(60_000)
  await test.call('broker.stream.verify', { stream: id })
  assert.equal((await poll(test, id)).length, 2)
})

onEveryBroker('a stream goes with its receiver: to its team, and away when it retires', async (test) => {
  setUpOrders(test)
  await create(test)
  const { room, broker } = test
  await room.database.write((tx) => broker.giveCredentials(tx, API, 'team_other'))
  const teams = await room.database.reader.selectFrom('broker_stream').select('team').execute()
  assert.deepEqual(
    teams.map(({ team }) => team),
    ['team_other'],
  )
  await room.database.write((tx) => broker.endCredentials(tx, API, 'over', room.clock.now()))
  assert.deepEqual((await test.call('broker.stream.list', {}, adminCaller)).items, [])
})

onEveryBroker('what set where a stream leads, once it is stopped, sends nothing there any more', async (test, t) => {
  setUpOrders(test)
  const endpoint = await openEndpoint()
  t.after(() => endpoint.close())
  const added = await test.call('broker.credential.add', { identity: API, kind: 'client-secret', name: 'x' })
  const credential = added.credential.id
  const proven = { actor: { principalType: 'nhi', id: API, name: 'orders-api' }, roles: [], instance: 'pod-1' } as const
  const as = (jti: string): Caller => ({ ...adminCaller, ...proven, credential, token: tokenDigest(jti) })
  const expiresAt = new Date(test.room.clock.now().getTime() + 60_000).toISOString()
  const open = (caller: Caller) => test.call('broker.stream.create', { endpoint: endpoint.url }, caller)
  const show = async (stream: string) => (await test.call('broker.stream.show', { stream })).status
  const stops: [string, object][] = [
    ['token.quarantine', { jti: 'stolen', expiresAt }],
    ['instance.quarantine', { identity: API, instance: 'pod-1' }],
    ['credential.revoke', { credential }],
  ]
  const { id: kept } = await create(test, { endpoint: 'https://receiver.example/' })
  for (const [name, what] of stops) {
    const { id } = await open(as('stolen'))
    await test.call(`broker.${name}`, { ...what, reason: 'stolen' })
    const told = endpoint.got.length
    await test.broker.streams.sendDue()
    assert.equal(await show(id), 'paused', name)
    const types = endpoint.got.slice(told).map(({ body }) => Object.keys(Object(decodeJwt(body).events))[0])
    assert.deepEqual(
      types.map((type) => type?.split('/').at(-1)),
      ['stream-updated'],
      name,
    )
    assert.deepEqual(test.findings.reported.at(-1)?.evidence.stream, id)
    assert.equal(await show(kept), 'enabled', 'what a person set goes on')
    await test.call('broker.stream.delete', { stream: id })
  }
  const { id } = await open(as('other'))
  await test.call('broker.token.revoke', { jti: 'one more', expiresAt, reason: 'x' })
  assert.equal(await show(id), 'enabled', 'the stop of something else is none of it')
  await test.call('broker.stream.change', { stream: id, endpoint: 'https://receiver.example/' })
  await test.call('broker.token.revoke', { jti: 'other', expiresAt, reason: 'x' })
  assert.equal(await show(id), 'enabled', 'a person has set it anew since')
})

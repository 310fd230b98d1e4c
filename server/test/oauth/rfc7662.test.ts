import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const introspect = async (test: TestBroker, client_id: string, client_secret: string, token: string) =>
  (await post(test, '/oauth/introspect', { client_id, client_secret, token })).body

onEveryBroker('RFC 7662 §2.2: the resource and the holder learn about a token, nobody else does', async (test) => {
  setUpOrders(test)
  const mine = await addSecret(test)
  const server = await addSecret(test, 'nhi_orders_api')
  test.subjects.put('nhi_stranger')
  const stranger = await addSecret(test, 'nhi_stranger')
  const { body } = await postSecret(test, mine.secret)
  const token: string = body.access_token
  for (const [id, { secret }] of [
    ['nhi_orders_api', server],
    ['nhi_sync', mine],
  ] as const) {
    const answer = await introspect(test, id, secret, token)
    assert.equal(answer.active, true)
    assert.equal(answer.sub, 'nhi_sync')
    assert.equal(answer.scope, 'orders.read')
    assert.equal(answer.token_type, 'Bearer')
  }
  assert.deepEqual(await introspect(test, 'nhi_stranger', stranger.secret, token), { active: false })
  for (const bad of ['x', token.slice(0, -1), `${token}A`, 'eyJhbGciOiJub25lIn0.e30.'])
    assert.deepEqual(await introspect(test, 'nhi_orders_api', server.secret, bad), { active: false })
  test.room.clock.advance(3_600_000)
  assert.deepEqual(await introspect(test, 'nhi_orders_api', server.secret, token), { active: false })
  const events = (await test.room.events()).filter((event) => event.kind === 'broker.token.introspect')
  assert.deepEqual(
    events.map((event) => [event.actor.id, event.evidence.active, event.evidence.why]),
    [
      ['nhi_orders_api', true, null],
      ['nhi_sync', true, null],
      ['nhi_stranger', false, 'not_for_asker'],
      ...Array(4).fill(['nhi_orders_api', false, 'not_ours']),
      ['nhi_orders_api', false, 'expired'],
    ],
  )
})

onEveryBroker('RFC 7662 §2.1: who asks must prove who it is', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { body } = await postSecret(test, secret)
  const open = await post(test, '/oauth/introspect', { token: body.access_token })
  assert.deepEqual([open.status, open.body.code], [401, 'client_proof_missing'])
  const missing = await post(test, '/oauth/introspect', { client_id: 'nhi_sync', client_secret: secret })
  assert.deepEqual([missing.status, missing.body.code], [400, 'parameter_invalid'])
})

onEveryBroker(
  'a token is inactive at every scope at which it is stopped, and active again when released',
  async (test) => {
    setUpOrders(test)
    const { id, secret } = await addSecret(test)
    const server = await addSecret(test, 'nhi_orders_api')
    const { body } = await postSecret(test, secret, { instance: 'pod-1' })
    const token: string = body.access_token
    const isActive = async () => (await introspect(test, 'nhi_orders_api', server.secret, token)).active
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const { stops } = test.broker
    for (const [scope, subject] of [
      ['token', jti],
      ['credential', id],
      ['instance', 'nhi_sync/pod-1'],
      ['identity', 'nhi_sync'],
    ] as const) {
      const { room } = test
      assert.equal(await isActive(), true)
      await room.database.write(async (tx) => {
        const now = room.clock.now()
        const stop = { scope, id: subject, verb: 'quarantine', reason: 'test', by: null, now, until: null } as const
        await room.changes.signal(tx, (await stops.stop(tx, stop)).signals)
      })
      await room.changes.catchUp()
      assert.equal(await isActive(), false, scope)
      await room.database.write(async (tx) => {
        const lifted = await stops.lift(tx, scope, subject, room.clock.now())
        await room.changes.signal(tx, lifted?.signals ?? [])
      })
      await room.changes.catchUp()
    }
    assert.equal(await isActive(), true)
  },
)

import assert from 'node:assert/strict'
import { revocationTarget } from '@reeve/sdk'
import { addSecret, ORDERS, onEveryBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const revoke = (test: TestBroker, client_id: string, client_secret: string, token: string) =>
  post(test, '/oauth/revoke', { client_id, client_secret, token })

onEveryBroker(
  'RFC 7009 §2: a client ends its own token, and every verifier is told until the token would end',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const { body } = await postSecret(test, secret)
    const token: string = body.access_token
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const answer = await revoke(test, 'nhi_sync', secret, token)
    assert.deepEqual([answer.status, answer.body], [200, undefined])
    const page = await (await fetch(`${test.url}/revocations`)).json()
    assert.deepEqual(page, {
      seq: 1,
      keys: test.broker.jwksVersion(),
      snapshot: true,
      entries: [{ seq: 1, target: revocationTarget('token', claims.jti), verb: 'revoke', until: claims.exp }],
    })
    const seen = await post(test, '/oauth/introspect', { client_id: 'nhi_sync', client_secret: secret, token })
    assert.deepEqual(seen.body, { active: false })
    const events = await test.room.events()
    const [event] = events.filter(({ kind }) => kind === 'broker.token.revoke')
    assert.deepEqual([event?.outcome, event?.actor.id, event?.on?.id], ['done', 'nhi_sync', 'nhi_sync'])
    assert.ok(!JSON.stringify(events).includes(claims.jti), 'the jti stands in an event')
  },
)

onEveryBroker('RFC 7009 §2.2: a token that means nothing here is answered like one that was revoked', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { body } = await postSecret(test, secret)
  for (const token of ['x', `${body.access_token}A`])
    assert.equal((await revoke(test, 'nhi_sync', secret, token)).status, 200)
  test.room.clock.advance(3_600_000)
  assert.equal((await revoke(test, 'nhi_sync', secret, body.access_token)).status, 200)
  assert.equal(test.broker.feed.seq(), 0)
})

onEveryBroker('RFC 7009 §2.1: a client cannot end another client’s token, nor without proof', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const other = await addSecret(test, 'nhi_orders_api')
  const { body } = await postSecret(test, secret)
  const refused = await revoke(test, 'nhi_orders_api', other.secret, body.access_token)
  assert.deepEqual(
    [refused.status, refused.body.error, refused.body.code],
    [400, 'unauthorized_client', 'token_of_another'],
  )
  const open = await post(test, '/oauth/revoke', { token: body.access_token })
  assert.deepEqual([open.status, open.body.code], [401, 'client_proof_missing'])
  const missing = await post(test, '/oauth/revoke', { client_id: 'nhi_sync', client_secret: secret })
  assert.deepEqual([missing.status, missing.body.code], [400, 'parameter_invalid'])
  assert.equal(test.broker.feed.seq(), 0)
})

onEveryBroker(
  'RFC 7009 §2.1: an API key ends what it got itself, from its networks, and nothing else of its identity',
  async (test) => {
    setUpOrders(test)
    test.subjects.put('nhi_sync', { kind: 'device' })
    const addKey = async (network: string): Promise<string> => {
      const limits = { resource: ORDERS, actions: ['orders.read'], networks: [network] }
      return (await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'api-key', ...limits })).secret
    }
    const [mine, other, elsewhere] = [
      await addKey('127.0.0.0/8'),
      await addKey('127.0.0.0/8'),
      await addKey('10.7.0.0/16'),
    ]
    const token = (await postSecret(test, mine)).body.access_token
    const said = async (secret: string) => {
      const { status, body } = await revoke(test, 'nhi_sync', secret, token)
      return [status, body?.code]
    }
    assert.deepEqual(await said(other), [400, 'token_of_another'])
    assert.deepEqual(await said(elsewhere), [400, 'api_key_out_of_bounds'])
    assert.equal(test.broker.feed.seq(), 0)
    assert.deepEqual(await said(mine), [200, undefined])
    assert.equal(test.broker.feed.seq(), 1)
  },
)

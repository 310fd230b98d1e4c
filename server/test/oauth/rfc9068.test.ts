import assert from 'node:assert/strict'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  postSecret,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'
import { holdKey } from '../dpop.ts'

const verify = async (test: TestBroker, token: string, audience = ORDERS) => {
  const keys = await (await fetch(`${test.url}/.well-known/jwks.json`)).json()
  return jwtVerify(token, createLocalJWKSet(keys), {
    issuer: test.url,
    audience,
    typ: 'at+jwt',
    currentDate: test.room.clock.now(),
  })
}

onEveryBroker(
  'RFC 9068 §2: the token has the type, the claims and the signature that the profile asks for',
  async (test) => {
    setUpOrders(test)
    const { id, secret } = await addSecret(test)
    const { body } = await postSecret(test, secret, { instance: 'pod-1', workflow_run: 'run-9' })
    const { payload, protectedHeader } = await verify(test, body.access_token)
    assert.equal(protectedHeader.alg, 'ES256')
    const now = Math.floor(test.room.clock.now().getTime() / 1000)
    const { jti, ...rest } = payload
    assert.equal(String(jti).length, 22)
    assert.deepEqual(rest, {
      iss: test.url,
      sub: 'nhi_sync',
      client_id: 'nhi_sync',
      aud: ORDERS,
      iat: now,
      exp: now + 3600,
      scope: 'orders.read',
      reeve: {
        principal_type: 'nhi',
        name: 'sync',
        environment: 'production',
        tier: 'low',
        owner: 'team_orders',
        credential: id,
        workflow: { name: 'orders sync', repository: 'shop/orders', run: 'run-9' },
        instance: 'pod-1',
      },
    })
  },
)

onEveryBroker(
  'a token lives as long as its tier says, and never longer than its identity or credential',
  async (test) => {
    setUpOrders(test)
    const { privateKey } = await addKey(test)
    const held = await holdKey(test.room.clock)
    const life = async () => {
      const proof = assertionForm(await signAssertion(test, privateKey))
      const form = { grant_type: 'client_credentials', resource: ORDERS, ...proof }
      // Bound to a key, as the highest tier demands.
      const nonce = await test.broker.dpopNonce()
      const dpop = await held.prove({ method: 'POST', url: `${test.url}/oauth/token`, nonce })
      return (await post(test, '/oauth/token', form, { dpop })).body.expires_in
    }
    const change = async (fields: Parameters<TestBroker['subjects']['put']>[1]) => {
      test.subjects.put('nhi_sync', fields)
      await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
      await test.room.changes.catchUp()
    }
    assert.equal(await life(), 3600)
    await change({ tier: 'medium' })
    assert.equal(await life(), 900)
    await change({ tier: 'high' })
    assert.equal(await life(), 300)
    await change({ expiresAt: new Date(test.room.clock.now().getTime() + 100_000) })
    assert.equal(await life(), 100)
  },
)

onEveryBroker(
  'each algorithm that a resource asks for signs with a key of its own, made when it is first needed',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const kids = new Set()
    for (const algorithm of ['ES256', 'EdDSA', 'RS256', 'PS256'] as const) {
      const uri = `https://${algorithm.toLowerCase()}.example.com`
      test.decisions.addResource(uri, { algorithm })
      test.decisions.grant('nhi_sync', uri, ['orders.read'])
      const answers = await Promise.all([1, 2, 3].map(() => postSecret(test, secret, { resource: uri })))
      for (const { body } of answers) {
        const { protectedHeader } = await verify(test, body.access_token, uri)
        assert.equal(protectedHeader.alg, algorithm)
        kids.add(decodeProtectedHeader(body.access_token).kid)
      }
    }
    assert.equal(kids.size, 4)
  },
)

onEveryBroker('RFC 9068 §4: our own API takes a token for itself only', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addSecret(test)
  test.decisions.addResource(test.url, { environment: 'production' })
  test.decisions.grant('nhi_sync', test.url, ['orders.read'])
  const own = await postSecret(test, secret, { resource: test.url, instance: 'pod-1' })
  const caller = await test.broker.gate.authenticate(own.body.access_token)
  assert.deepEqual(
    { ...caller, token: caller.token?.length },
    {
      actor: { principalType: 'nhi', id: 'nhi_sync', name: 'sync' },
      roles: [],
      credential: id,
      instance: 'pod-1',
      token: 43,
      workflow: { name: 'orders sync', repository: 'shop/orders', run: null },
    },
  )
  const { body } = await postSecret(test, secret)
  const refused = { code: 'token_refused' }
  await assert.rejects(test.broker.gate.authenticate(body.access_token), refused)
  for (const bad of ['', 'x', own.body.access_token.slice(0, -1), `${own.body.access_token}A`])
    await assert.rejects(test.broker.gate.authenticate(bad), refused)
  await test.call('broker.credential.quarantine', { credential: id, reason: 'seen in a log' })
  await assert.rejects(test.broker.gate.authenticate(own.body.access_token), refused)
  await test.call('broker.credential.release', { credential: id, reason: 'false alarm' })
  await test.broker.gate.authenticate(own.body.access_token)
  test.room.clock.advance(3_600_000)
  await assert.rejects(test.broker.gate.authenticate(own.body.access_token), refused)
})

import assert from 'node:assert/strict'
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
} from '../../../test/broker.ts'
import { holdKey } from '../../../test/dpop.ts'

const DAY_MS = 86_400_000

const raise = async (test: TestBroker, tier: 'medium' | 'high'): Promise<void> => {
  test.subjects.put('nhi_sync', { tier })
  await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
  await test.room.changes.catchUp()
}

onEveryBroker('a static secret does not survive the rise of its identity to a tier that refuses it', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const own = (await postSecret(test, secret)).body.access_token
  assert.ok(own)
  for (const tier of ['medium', 'high'] as const) {
    await raise(test, tier)
    const { status, body } = await postSecret(test, secret)
    assert.deepEqual([status, body.error, body.code], [400, 'unauthorized_client', 'credential_tier_refused'])
  }
})

onEveryBroker('a secret under an exception lives as long as the tier of now gives exceptions', async (test) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { kind: 'agent' })
  const now = test.room.clock.now().getTime()
  test.exceptions.add('credential.client-secret', 'nhi_sync', new Date(now + 60 * DAY_MS))
  const { secret } = await addSecret(test)
  await raise(test, 'high')
  const held = await holdKey(test.room.clock)
  const nonce = await test.broker.dpopNonce()
  const dpop = await held.prove({ method: 'POST', url: `${test.url}/oauth/token`, nonce })
  const form = { grant_type: 'client_credentials', client_id: 'nhi_sync', client_secret: secret, resource: ORDERS }
  assert.equal((await post(test, '/oauth/token', form, { dpop })).status, 200)
  test.room.clock.advance(7 * DAY_MS)
  assert.equal((await postSecret(test, secret)).body.code, 'credential_tier_refused')
})

onEveryBroker('a public key goes on after the rise, until the age that the new tier allows', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const held = await holdKey(test.room.clock)
  const ask = async () => {
    const nonce = await test.broker.dpopNonce()
    const dpop = await held.prove({ method: 'POST', url: `${test.url}/oauth/token`, nonce })
    const proof = assertionForm(await signAssertion(test, privateKey))
    const form = { grant_type: 'client_credentials', resource: ORDERS, ...proof }
    return (await post(test, '/oauth/token', form, { dpop })).body.code ?? 'issued'
  }
  await raise(test, 'high')
  assert.equal(await ask(), 'issued')
  test.room.clock.advance(90 * DAY_MS)
  assert.equal(await ask(), 'credential_tier_refused')
})

onEveryBroker(
  'a token for this server lets in nobody who may not act any more, also where it is known',
  async (test) => {
    setUpOrders(test)
    test.decisions.addResource(test.url, { environment: 'production' })
    test.decisions.grant('nhi_sync', test.url, ['orders.read'])
    const { secret } = await addSecret(test)
    const own: string = (await postSecret(test, secret, { resource: test.url })).body.access_token
    const { gate } = test.broker
    const now = test.room.clock.now()
    const standing = { state: 'active', tier: 'low', expiresAt: new Date(now.getTime() + DAY_MS) } as const
    const ends = async (change: Parameters<TestBroker['subjects']['put']>[1]) => {
      test.subjects.put('nhi_sync', { ...standing, ...change })
      await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
      await test.room.changes.catchUp()
      const code = (error: { code: string }) => error.code
      const asked = await gate.authenticate(own).then(({ actor }) => actor.id, code)
      const known = await Promise.try(() => gate.authenticateKnown(own)).then((caller) => caller?.actor.id, code)
      return [asked, known]
    }
    for (const change of [{ state: 'disabled' }, { state: 'retired' }, { expiresAt: now }, { tier: 'high' }] as const) {
      assert.deepEqual(await ends({}), ['nhi_sync', 'nhi_sync'])
      assert.deepEqual(await ends(change), ['token_refused', 'token_refused'], JSON.stringify(change))
    }
  },
)

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { exportJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { Fault } from '../../src/kit/fault.ts'
import { assertionForm, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'
import { type ShownKey, showKeys, signAsClient } from '../fakes/key-set.ts'

/** Asks for a token with an assertion by this key; gives the code of the refusal, or `token`. */
const tryWith = async (
  test: TestBroker,
  key: Pick<ShownKey, 'privateKey' | 'kid' | 'alg'>,
  client = 'nhi_sync',
): Promise<string> => {
  const assertion = await signAsClient(test, key, client)
  const form = { grant_type: 'client_credentials', resource: ORDERS, ...assertionForm(assertion) }
  const { status, body } = await post(test, '/oauth/token', form)
  return status === 200 ? 'token' : body.code
}

const add = (test: TestBroker, jwksUri: string, identity = 'nhi_sync') =>
  test.call('broker.credential.add', { identity, kind: 'public-key', jwksUri })

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : String(error))

onEveryBroker(
  'a client proves itself with any key that it shows, and keys come without a word to the server',
  async (test, t) => {
    setUpOrders(test)
    const shown = await showKeys(t)
    const [first, second, foreign] = [
      await shown.make('one'),
      await shown.make('two', 'EdDSA'),
      await shown.make('one'),
    ]
    shown.show(first)
    const { credential } = await add(test, shown.uri)
    assert.deepEqual([credential.jwksUri, credential.thumbprint, credential.algorithm], [shown.uri, null, null])
    assert.equal(await tryWith(test, first), 'token')
    assert.equal(shown.asked(), 1)
    assert.equal(await tryWith(test, foreign), 'client_not_proven')
    assert.equal(await tryWith(test, second), 'client_not_proven')
    test.room.clock.advance(30_000)
    shown.show(first, second)
    assert.equal(await tryWith(test, second), 'token')
    assert.equal(await tryWith(test, first), 'token')
    // Without a key id any of the few keys may be meant.
    assert.equal(await tryWith(test, { ...first, kid: undefined }), 'token')
  },
)

onEveryBroker(
  'a key that left the set is refused within five minutes, whatever the set says of its life',
  async (test, t) => {
    setUpOrders(test)
    const shown = await showKeys(t)
    const [first, second] = [await shown.make('one'), await shown.make('two')]
    shown.show(first, second)
    await add(test, shown.uri)
    assert.equal(await tryWith(test, first), 'token')
    shown.show(second)
    test.room.clock.advance(300_000)
    assert.equal(await tryWith(test, first), 'token')
    test.room.clock.advance(1)
    assert.equal(await tryWith(test, first), 'client_not_proven')
    assert.equal(await tryWith(test, second), 'token')
  },
)

onEveryBroker('while the set is away its keys are believed for an hour more, and not longer', async (test, t) => {
  setUpOrders(test)
  const shown = await showKeys(t)
  const key = await shown.make('one')
  shown.show(key)
  await add(test, shown.uri)
  shown.answer((response) => response.writeHead(503).end())
  test.room.clock.advance(3_900_000)
  assert.equal(await tryWith(test, key), 'token')
  test.room.clock.advance(1)
  assert.equal(await tryWith(test, key), 'client_not_proven')
})

onEveryBroker('however many unknown keys come, the set is asked for once in half a minute', async (test, t) => {
  setUpOrders(test)
  const shown = await showKeys(t)
  const key = await shown.make('one')
  shown.show(key)
  await add(test, shown.uri)
  await Promise.all(Array.from({ length: 20 }, async (_, at) => tryWith(test, { ...key, kid: `unknown-${at}` })))
  assert.equal(shown.asked(), 1)
  test.room.clock.advance(30_000)
  for (let at = 0; at < 5; at += 1) await tryWith(test, { ...key, kid: `other-${at}` })
  assert.equal(shown.asked(), 2)
  // Nor is it asked on behalf of somebody else.
  test.room.clock.advance(30_000)
  assert.equal(await tryWith(test, key, 'nhi_orders_api'), 'client_not_proven')
  assert.equal(shown.asked(), 2)
})

onEveryBroker('the key says the algorithm, and what is no key for signatures is none', async (test, t) => {
  setUpOrders(test)
  const shown = await showKeys(t)
  const [good, forEncryption, unnamed] = [await shown.make('one'), await shown.make('two'), await shown.make('three')]
  const rsa = await shown.make('four', 'PS256')
  shown.show(good, { jwk: { ...forEncryption.jwk, use: 'enc' } }, { jwk: { ...unnamed.jwk, kid: 'else' } }, rsa)
  await add(test, shown.uri)
  assert.equal(await tryWith(test, good), 'token')
  assert.equal(await tryWith(test, rsa), 'token')
  assert.equal(await tryWith(test, forEncryption), 'client_not_proven')
  assert.equal(await tryWith(test, unnamed), 'client_not_proven')
})

onEveryBroker('an address from which no keys can be had is refused when it is added', async (test, t) => {
  setUpOrders(test)
  const shown = await showKeys(t)
  const wrong: Record<string, (response: ServerResponse) => void> = {
    'no keys': (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}'),
    'no set': (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'),
    'no JSON': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    'too much': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"keys":[${'{},'.repeat(400_000)}{}]}`)
    },
    'a redirect': (response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
    'nothing there': (response) => response.writeHead(404).end(),
  }
  for (const [name, answer] of Object.entries(wrong)) {
    shown.answer(answer)
    await assert.rejects(add(test, shown.uri), (error) => codeOf(error) === 'credential_keys_unreachable', name)
    test.room.clock.advance(30_000)
  }
  const secret = await shown.make('one')
  shown.answer()
  shown.show({ jwk: { ...(await exportJWK(secret.privateKey)), alg: 'ES256' } })
  await assert.rejects(add(test, shown.uri), (error) => codeOf(error) === 'credential_keys_unreachable')
  // Networks that are not public, and what no web server answers.
  for (const uri of ['http://10.0.0.1/k', 'https://169.254.169.254/k', 'http://[::1]/k', 'file:///etc/passwd', 'x'])
    await assert.rejects(add(test, uri), (error) => codeOf(error) === 'credential_keys_unreachable', uri)
})

onEveryBroker(
  'a set is one identity, a key or a set is a credential, and what is revoked proves nobody',
  async (test, t) => {
    setUpOrders(test)
    const shown = await showKeys(t)
    const key = await shown.make('one')
    shown.show(key)
    const { credential } = await add(test, shown.uri)
    await assert.rejects(add(test, shown.uri, 'nhi_orders_api'), (error) => codeOf(error) === 'credential_key_in_use')
    const both = { identity: 'nhi_sync', kind: 'public-key', jwksUri: shown.uri, publicKey: key.jwk }
    for (const input of [both, { ...both, publicKey: undefined, kind: 'client-secret' }])
      await assert.rejects(
        test.call('broker.credential.add', input),
        (error) => codeOf(error) === 'credential_key_missing',
      )
    await test.call('broker.credential.quarantine', { credential: credential.id, reason: 'test' })
    await test.room.changes.catchUp()
    assert.equal(await tryWith(test, key), 'credential_stopped')
    await test.call('broker.credential.revoke', { credential: credential.id, reason: 'test' })
    await test.room.changes.catchUp()
    const asked = shown.asked()
    test.room.clock.advance(300_001)
    assert.equal(await tryWith(test, key), 'client_not_proven')
    assert.equal(shown.asked(), asked)
    await add(test, shown.uri, 'nhi_orders_api')
  },
)

onEveryBroker('oauth4webapi proves itself with a key of a set', async (test, t) => {
  setUpOrders(test)
  const shown = await showKeys(t)
  const { privateKey, kid = '', jwk } = await shown.make('one')
  shown.show({ jwk })
  await add(test, shown.uri)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(test.url)
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  const server = await oauth.processDiscoveryResponse(issuer, answer)
  const offset = Math.floor(test.room.clock.now().getTime() / 1000) - Math.floor(Date.now() / 1000)
  const client: oauth.Client = { client_id: 'nhi_sync', [oauth.clockSkew]: offset }
  const auth = oauth.PrivateKeyJwt({ key: privateKey, kid })
  const parameters = new URLSearchParams({ resource: ORDERS })
  const response = await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, insecure)
  const token = await oauth.processClientCredentialsResponse(server, client, response)
  assert.equal(token.scope, 'orders.read')
})

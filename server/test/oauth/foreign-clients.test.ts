import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { addSecret, ORDERS, onEveryBroker, setUpOrders, type TestBroker } from '../broker.ts'

// The clients take the machine's clock for their assertions; so does the server here.
const useRealTime = ({ room }: TestBroker) => room.clock.advance(Date.now() - room.clock.now().getTime())

const makeKey = async (test: TestBroker): Promise<CryptoKey> => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'public-key', publicKey: jwk })
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  return crypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
}

onEveryBroker(
  'openid-client: discovery, then a token by secret in header and body, and by private_key_jwt',
  async (test) => {
    useRealTime(test)
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const key = await makeKey(test)
    for (const method of [
      client.ClientSecretBasic(secret),
      client.ClientSecretPost(secret),
      client.PrivateKeyJwt(key),
    ]) {
      const config = await client.discovery(new URL(test.url), 'nhi_sync', undefined, method, {
        execute: [client.allowInsecureRequests],
        algorithm: 'oauth2',
      })
      const tokens = await client.clientCredentialsGrant(config, { resource: ORDERS, scope: 'orders.read' })
      assert.equal(tokens.token_type, 'bearer')
      assert.equal(tokens.scope, 'orders.read')
      const active = await client.tokenIntrospection(config, tokens.access_token)
      assert.deepEqual([active.active, active.sub], [true, 'nhi_sync'])
      await client.tokenRevocation(config, tokens.access_token)
      assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
      await assert.rejects(client.clientCredentialsGrant(config, { resource: 'https://unknown.example.com' }), {
        error: 'invalid_target',
      })
    }
  },
)

onEveryBroker('openid-client: OpenID Connect discovery finds the same issuer', async (test) => {
  const config = await client.discovery(new URL(test.url), 'nhi_sync', undefined, undefined, {
    execute: [client.allowInsecureRequests],
  })
  assert.equal(config.serverMetadata().token_endpoint, `${test.url}/oauth/token`)
})

onEveryBroker('oauth4webapi: discovery, client credentials, RFC 9068 validation and introspection', async (test) => {
  useRealTime(test)
  setUpOrders(test)
  const key = await makeKey(test)
  const issuer = new URL(test.url)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  const server = await oauth.processDiscoveryResponse(issuer, found)
  const who: oauth.Client = { client_id: 'nhi_sync' }
  const auth = oauth.PrivateKeyJwt(key)
  const response = await oauth.clientCredentialsGrantRequest(server, who, auth, { resource: ORDERS }, insecure)
  const tokens = await oauth.processClientCredentialsResponse(server, who, response)
  const request = new Request(ORDERS, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(server, request, ORDERS, insecure)
  assert.equal(claims.sub, 'nhi_sync')
  const asked = await oauth.introspectionRequest(server, who, auth, tokens.access_token, insecure)
  const seen = await oauth.processIntrospectionResponse(server, who, asked)
  assert.equal(seen.active, true)
  const refused = await oauth.clientCredentialsGrantRequest(
    server,
    who,
    auth,
    { resource: ORDERS, scope: 'orders.write' },
    insecure,
  )
  await assert.rejects(oauth.processClientCredentialsResponse(server, who, refused), { error: 'access_denied' })
})

onEveryBroker(
  'openid-client: a token that is bound to its key by DPoP, with the nonce that is asked for',
  async (test) => {
    useRealTime(test)
    setUpOrders(test)
    const key = await makeKey(test)
    const config = await client.discovery(new URL(test.url), 'nhi_sync', undefined, client.PrivateKeyJwt(key), {
      execute: [client.allowInsecureRequests],
      algorithm: 'oauth2',
    })
    const held = await client.randomDPoPKeyPair('ES256')
    const DPoP = client.getDPoPHandle(config, held)
    for (let round = 0; round < 2; round++) {
      const tokens = await client.clientCredentialsGrant(config, { resource: ORDERS }, { DPoP })
      assert.equal(tokens.token_type, 'dpop')
      const active = await client.tokenIntrospection(config, tokens.access_token)
      assert.deepEqual(
        [active.active, active.token_type, active.cnf?.jkt],
        [true, 'DPoP', await DPoP.calculateThumbprint()],
      )
    }
  },
)

onEveryBroker(
  'oauth4webapi: its own resource server takes our bound token with the proof of its own client',
  async (test) => {
    useRealTime(test)
    setUpOrders(test)
    const key = await makeKey(test)
    const issuer = new URL(test.url)
    const insecure = { [oauth.allowInsecureRequests]: true }
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    const server = await oauth.processDiscoveryResponse(issuer, found)
    const who: oauth.Client = { client_id: 'nhi_sync' }
    const DPoP = oauth.DPoP(who, await oauth.generateKeyPair('ES256'))
    const ask = async () => {
      const sent = { ...insecure, DPoP }
      const response = await oauth.clientCredentialsGrantRequest(
        server,
        who,
        oauth.PrivateKeyJwt(key),
        { resource: ORDERS },
        sent,
      )
      return oauth.processClientCredentialsResponse(server, who, response)
    }
    const tokens = await ask().catch((error: unknown) => {
      assert.ok(oauth.isDPoPNonceError(error))
      return ask()
    })
    assert.equal(tokens.token_type, 'dpop')
    let sent: Request | undefined
    await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(`${ORDERS}/7`), undefined, undefined, {
      DPoP,
      [oauth.customFetch]: async (url, init) => {
        sent = new Request(url, { method: init.method, headers: init.headers })
        return new Response('{}')
      },
    })
    assert.ok(sent)
    const claims = await oauth.validateJwtAccessToken(server, sent, ORDERS, { ...insecure, requireDPoP: true })
    assert.equal(claims.sub, 'nhi_sync')
  },
)

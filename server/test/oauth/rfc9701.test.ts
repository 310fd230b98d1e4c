import assert from 'node:assert/strict'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import type { OAuthRequest } from '../../src/broker/index.ts'
import { addSecret, ORDERS, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const SIGNED = 'application/token-introspection+jwt'

const ask = async (test: TestBroker, form: Record<string, string>, accept = SIGNED) => {
  const response = await fetch(`${test.url}/oauth/introspect`, {
    method: 'POST',
    headers: { accept },
    body: new URLSearchParams(form),
  })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text(), response }
}

/** The claims of a signed answer, by another implementation. */
const verified = async (test: TestBroker, text: string, audience: string) => {
  const keys = await (await fetch(`${test.url}/.well-known/jwks.json`)).json()
  const rules = { issuer: test.url, audience, typ: 'token-introspection+jwt', currentDate: test.room.clock.now() }
  return (await jwtVerify(text, createLocalJWKSet(keys), rules)).payload
}

const setUp = async (test: TestBroker) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const server = await addSecret(test, 'nhi_orders_api')
  const token: string = (await postSecret(test, secret)).body.access_token
  return { secret, token, asServer: { client_id: 'nhi_orders_api', client_secret: server.secret, token } }
}

onEveryBroker(
  'RFC 9701 §5: the answer is signed for who asked, of its own type, and says no more than it must',
  async (test) => {
    const { asServer, token } = await setUp(test)
    const { status, type, text, response } = await ask(test, asServer)
    assert.deepEqual([status, type, response.headers.get('cache-control')], [200, SIGNED, 'no-store'])
    const { token_introspection: found, ...claims } = await verified(test, text, 'nhi_orders_api')
    const iat = Math.floor(test.room.clock.now().getTime() / 1000)
    // §5: neither sub nor exp, so that it cannot be taken for a token.
    assert.deepEqual(claims, { iss: test.url, aud: 'nhi_orders_api', iat })
    assert.deepEqual(found, { active: true, token_type: 'Bearer', ...decodeJwt(token) })
    const plain = await ask(test, asServer, 'application/json')
    assert.deepEqual(JSON.parse(plain.text), found)
  },
)

onEveryBroker('RFC 9701 §5: of what is not active for the asker nothing else is said', async (test) => {
  const { asServer, token } = await setUp(test)
  test.subjects.put('nhi_stranger')
  const stranger = await addSecret(test, 'nhi_stranger')
  const asStranger = { client_id: 'nhi_stranger', client_secret: stranger.secret, token }
  for (const [form, audience] of [
    [{ ...asServer, token: `${token}A` }, 'nhi_orders_api'],
    [{ ...asServer, token: 'x' }, 'nhi_orders_api'],
    [asStranger, 'nhi_stranger'],
  ] as const) {
    const { token_introspection: found } = await verified(test, (await ask(test, form)).text, audience)
    assert.deepEqual(found, { active: false })
  }
  test.room.clock.advance(3_600_000)
  const { token_introspection: over } = await verified(test, (await ask(test, asServer)).text, 'nhi_orders_api')
  assert.deepEqual(over, { active: false })
})

onEveryBroker('RFC 9701 §4: only who names the type gets it, and errors are as they are everywhere', async (test) => {
  const { asServer, token } = await setUp(test)
  for (const accept of [
    '*/*',
    'application/*',
    'application/json',
    'application/jwt',
    `${SIGNED};q=0`,
    `${SIGNED}; q=0.000`,
    `${SIGNED}x`,
    'x'.repeat(5_000),
  ])
    assert.match((await ask(test, asServer, accept)).type ?? '', /^application\/json/, accept)
  for (const accept of [SIGNED.toUpperCase(), `application/json;q=0.5, ${SIGNED}`, `${SIGNED};q=0.8`])
    assert.equal((await ask(test, asServer, accept)).type, SIGNED, accept)
  const refused = await ask(test, { token })
  assert.equal(refused.status, 401)
  assert.match(refused.type ?? '', /^application\/json/)
  const missing = await ask(test, { client_id: asServer.client_id, client_secret: asServer.client_secret })
  assert.equal(missing.status, 400)
  assert.match(missing.type ?? '', /^application\/json/)
})

onEveryBroker('what is stopped while its answer is signed is not active in it', async (test) => {
  const { asServer, token } = await setUp(test)
  const { room, broker } = test
  const request: OAuthRequest = {
    form: new Map(Object.entries(asServer)),
    authorization: undefined,
    source: { ip: '127.0.0.1', region: null, userAgent: null },
    requestId: 'req_test',
    traceparent: null,
    failed: () => 0,
  }
  const first = await broker.introspectSigned(request)
  assert.ok('said' in first)
  assert.equal(Object(decodeJwt(first.said).token_introspection).active, true)
  const { hot } = room
  const { run } = hot
  // After it was judged and recorded, and before it is signed.
  hot.run = async (given) => {
    const answer = await run(given)
    await room.database.write(async (tx) => {
      const id = String(decodeJwt(token).jti)
      const stop = { scope: 'token', id, verb: 'revoke', reason: 'test', by: null, until: null } as const
      await room.changes.signal(tx, (await broker.stops.stop(tx, { ...stop, now: room.clock.now() })).signals)
    })
    await room.changes.catchUp()
    return answer
  }
  try {
    const later = await broker.introspectSigned(request)
    assert.ok('said' in later)
    assert.deepEqual(decodeJwt(later.said).token_introspection, { active: false })
  } finally {
    hot.run = run
  }
})

onEveryBroker('oauth4webapi asks for a signed answer, and takes ours', async (test) => {
  const { asServer, token } = await setUp(test)
  const insecure = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(test.url)
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  )
  const offset = Math.floor(test.room.clock.now().getTime() / 1000) - Math.floor(Date.now() / 1000)
  const client: oauth.Client = { client_id: 'nhi_orders_api', [oauth.clockSkew]: offset }
  const auth = oauth.ClientSecretPost(asServer.client_secret)
  const response = await oauth.introspectionRequest(server, client, auth, token, {
    requestJwtResponse: true,
    ...insecure,
  })
  const found = await oauth.processIntrospectionResponse(server, client, response)
  await oauth.validateApplicationLevelSignature(server, response, insecure)
  assert.deepEqual([found.active, found.sub, found.aud], [true, 'nhi_sync', ORDERS])
})

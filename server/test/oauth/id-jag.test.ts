import assert from 'node:assert/strict'
import { createVerifier, systemClock } from '@reeve/sdk'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
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
} from '../broker.ts'
import { holdKey } from '../dpop.ts'
import { openIssuer } from '../fakes/foreign-issuer.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const TYPE = 'oauth-id-jag+jwt'

const endOf = ({ status, body }: { status: number; body: { error?: string } }) => [status, body.error]

onEveryBroker('ID-JAG §4.4: a grant of a trusted server is redeemed by the client that it names', async (test, t) => {
  const issuer = await openIssuer(test.room.clock.now)
  t.after(() => issuer.close())
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const trust = { identity: 'nhi_sync', issuer: issuer.url, platform: 'id-jag', claims: { sub: 'U1' } }
  const { credential } = await test.call('broker.trust.add', trust)
  await test.room.changes.catchUp()
  const jti = () => test.room.random.id('jti')
  const sign = (over: Record<string, unknown> = {}, typ: string | undefined = TYPE) =>
    issuer.sign({ sub: 'U1', aud: test.url, client_id: 'nhi_sync', jti: jti(), scope: 'orders.read', ...over }, { typ })
  const proof = { client_id: 'nhi_sync', client_secret: secret }
  const redeem = (assertion: string, form: Record<string, string> = proof) =>
    post(test, '/oauth/token', { grant_type: GRANT, assertion, resource: ORDERS, ...form })

  await t.test('its scope is the scope, the token is the client’s own, and the record names the trust', async () => {
    const { status, body } = await redeem(await sign())
    assert.equal(status, 200, JSON.stringify(body))
    const { sub, scope, reeve } = decodeJwt<{ reeve: { credential: string } }>(body.access_token)
    assert.deepEqual([sub, scope], ['nhi_sync', 'orders.read'])
    assert.notEqual(reeve.credential, credential.id)
    const event = (await test.room.events()).at(-1)
    assert.deepEqual([event?.kind, event?.evidence.grantedBy], ['broker.token.issue', credential.id])
  })
  await t.test('without a scope the policy alone says what is granted', async () => {
    const { body } = await redeem(await sign({ scope: undefined }))
    assert.equal(body.scope, 'orders.read')
  })
  await t.test('a client may prove itself with its key as well', async () => {
    const { privateKey } = await addKey(test)
    const { status } = await redeem(await sign(), assertionForm(await signAssertion(test, privateKey)))
    assert.equal(status, 200)
  })
  await t.test('of five uses at once one is granted', async () => {
    const once = await sign()
    const ends = await Promise.all(Array.from({ length: 5 }, () => redeem(once)))
    assert.deepEqual(ends.map(({ status }) => status).toSorted(), [200, 400, 400, 400, 400])
    assert.deepEqual(endOf(await redeem(once)), [400, 'invalid_grant'])
  })
  await t.test('no more than it grants is given', async () => {
    test.decisions.grant('nhi_sync', ORDERS, ['orders.read', 'orders.write'])
    assert.equal((await redeem(await sign())).body.scope, 'orders.read')
    const more = { ...proof, scope: 'orders.write' }
    assert.deepEqual(endOf(await redeem(await sign(), more)), [400, 'invalid_scope'])
    assert.deepEqual(endOf(await redeem(await sign({ scope: '' }))), [400, 'invalid_grant'])
    const elsewhere = await sign({ resource: 'https://other.example/' })
    assert.deepEqual(endOf(await redeem(elsewhere)), [400, 'invalid_target'])
    assert.equal((await redeem(await sign({ resource: [ORDERS, 'https://other.example/'] }))).status, 200)
    const details = { ...proof, authorization_details: '[{"type":"x","actions":["orders.read"]}]' }
    assert.deepEqual(endOf(await redeem(await sign(), details)), [400, 'invalid_authorization_details'])
  })
  await t.test('and nothing of a policy that does not grant it', async () => {
    assert.deepEqual(endOf(await redeem(await sign({ scope: 'orders.burn' }))), [400, 'invalid_scope'])
  })
  await t.test('§4.4.1: whatever of it is wrong, it is no grant', async () => {
    const other = await openIssuer(test.room.clock.now)
    t.after(() => other.close())
    const seconds = Math.floor(test.room.clock.now().getTime() / 1000)
    const wrong: [string, string][] = [
      ['another audience', await sign({ aud: 'https://elsewhere.example' })],
      ['two audiences', await sign({ aud: [test.url, 'https://elsewhere.example'] })],
      ['another client', await sign({ client_id: 'nhi_orders_api' })],
      ['no client', await sign({ client_id: undefined })],
      ['no name', await sign({ jti: undefined })],
      ['another subject', await sign({ sub: 'U2' })],
      ['it has expired', await sign({ iat: seconds - 600, nbf: seconds - 600, exp: seconds - 300 })],
      ['a scope of another form', await sign({ scope: ['orders.read'] })],
      [
        'a server that nobody trusts',
        await other.sign({ sub: 'U1', aud: test.url, client_id: 'nhi_sync' }, { typ: TYPE }),
      ],
      ['the key of another server', await other.sign({ iss: issuer.url, aud: test.url, sub: 'U1' }, { typ: TYPE })],
    ]
    for (const [what, assertion] of wrong)
      assert.deepEqual(endOf(await redeem(assertion)), [400, 'invalid_grant'], what)
  })
  await t.test(
    'one that is bound to a key is redeemed with a proof of that key alone, for a token that is bound too',
    async () => {
      const [key, other] = [await holdKey(test.room.clock), await holdKey(test.room.clock)]
      const bound = { cnf: { jkt: key.jkt } }
      const redeemWith = async (by: typeof key | undefined, over: Record<string, unknown>) => {
        const form = { grant_type: GRANT, assertion: await sign(over), resource: ORDERS, ...proof }
        const request = { method: 'POST', url: `${test.url}/oauth/token`, nonce: await test.broker.dpopNonce() }
        return post(test, '/oauth/token', form, by === undefined ? {} : { dpop: await by.prove(request) })
      }
      const { status, body } = await redeemWith(key, bound)
      assert.deepEqual([status, body.token_type], [200, 'DPoP'], JSON.stringify(body))
      for (const by of [undefined, other]) assert.deepEqual(endOf(await redeemWith(by, bound)), [400, 'invalid_grant'])
      for (const cnf of [{ kid: 'x' }, {}, 'x', { ...bound.cnf, jwk: {} }])
        assert.deepEqual(endOf(await redeemWith(key, { cnf })), [400, 'invalid_grant'])
    },
  )
  await t.test('one that grants details alone is not taken for one without bounds', async () => {
    const details = { scope: undefined, authorization_details: [{ type: 'x' }] }
    assert.deepEqual(endOf(await redeem(await sign(details))), [400, 'invalid_grant'])
  })
  await t.test('§7.1: it proves nobody: without the client’s own proof, or as that proof, it is nothing', async () => {
    assert.equal((await redeem(await sign(), {})).status, 401)
    assert.deepEqual(endOf(await redeem(await sign(), { client_id: 'nhi_sync', client_secret: 'x' })), [
      401,
      'invalid_client',
    ])
    const asProof = { ...assertionForm(await sign()), grant_type: 'client_credentials', resource: ORDERS }
    assert.equal((await post(test, '/oauth/token', asProof)).status, 401)
  })
  await t.test('a trust in its grants lets in no other token of the server, nor another trust a grant', async () => {
    assert.deepEqual(endOf(await redeem(await sign({}, 'JWT'), {})), [400, 'invalid_grant'])
    const open = await openIssuer(test.room.clock.now)
    t.after(() => open.close())
    const platform = {
      identity: 'nhi_sync',
      issuer: open.url,
      audience: test.url,
      platform: 'other',
      claims: { sub: 'U1' },
    }
    await test.call('broker.trust.add', platform)
    await test.room.changes.catchUp()
    const grant = await open.sign({ sub: 'U1', aud: test.url, client_id: 'nhi_sync', jti: jti() }, { typ: TYPE })
    assert.deepEqual(endOf(await redeem(grant)), [400, 'invalid_grant'])
    assert.deepEqual(endOf(await redeem(grant, {})), [401, 'invalid_client'])
  })
  await t.test('oauth4webapi redeems one', async () => {
    const url = new URL(test.url)
    const insecure = { [oauth.allowInsecureRequests]: true }
    const found = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure })
    const server = await oauth.processDiscoveryResponse(url, found)
    const who: oauth.Client = { client_id: 'nhi_sync' }
    assert.deepEqual(server.authorization_grant_profiles_supported, ['urn:ietf:params:oauth:grant-profile:id-jag'])
    const parameters = { assertion: await sign(), resource: ORDERS }
    const auth = oauth.ClientSecretPost(secret)
    const response = await oauth.genericTokenEndpointRequest(server, who, auth, GRANT, parameters, insecure)
    const tokens = await oauth.processGenericTokenEndpointResponse(server, who, response)
    assert.equal(tokens.scope, 'orders.read')
  })
  await t.test('it has no say in the API of this server', async () => {
    const form = { ...proof, resource: test.url }
    assert.deepEqual(endOf(await redeem(await sign({ scope: undefined }), form)), [400, 'invalid_target'])
  })
  await t.test('whose own trust it is hears that its issuer is silent; nobody else does', async () => {
    const silent = await openIssuer(test.room.clock.now)
    t.after(() => silent.close())
    silent.answer((_request, response) => response.writeHead(503).end())
    const grant = await silent.sign({ sub: 'U1', aud: test.url, client_id: 'nhi_sync', jti: jti() }, { typ: TYPE })
    test.subjects.put('nhi_other')
    await test.call('broker.trust.add', { ...trust, identity: 'nhi_other', issuer: silent.url })
    await test.room.changes.catchUp()
    assert.deepEqual(endOf(await redeem(grant)), [400, 'invalid_grant'])
    await test.call('broker.trust.add', { ...trust, issuer: silent.url, claims: { sub: 'U2' } })
    await test.room.changes.catchUp()
    assert.equal((await redeem(grant)).status, 503)
  })
  await t.test(
    'a trust that is quarantined or revoked grants nothing any more, and what it granted is over',
    async () => {
      const [token, own] = [
        (await redeem(await sign())).body.access_token,
        (await postSecret(test, secret)).body.access_token,
      ]
      const told = async (one: string) => (await post(test, '/oauth/introspect', { ...proof, token: one })).body.active
      assert.deepEqual([await told(token), await told(own)], [true, true])
      const clock = { ...systemClock, nowMs: () => test.room.clock.now().getTime() }
      const verifier = createVerifier({ issuer: test.url, audience: ORDERS, allowsPlainHttp: true, clock })
      t.after(() => verifier.close())
      assert.equal((await verifier.verify(token)).identity, 'nhi_sync')
      await test.call('broker.credential.quarantine', { credential: credential.id, reason: 'x' })
      await test.room.changes.catchUp()
      assert.deepEqual(endOf(await redeem(await sign())), [400, 'invalid_grant'])
      assert.deepEqual([await told(token), await told(own)], [false, true])
    },
  )
})

const CHAT = 'https://chat.example'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id-jag'

onEveryBroker('ID-JAG §4.3: a token is exchanged for a grant at a registered authorization server', async (test, t) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  test.decisions.addResource(CHAT, { isAuthorizationServer: true, actions: ['chat.read', 'chat.write'] })
  test.decisions.grant('nhi_sync', CHAT, ['chat.read'])
  const held = (await postSecret(test, secret)).body.access_token
  const exchange = (form: Record<string, string> = {}, who = { client_id: 'nhi_sync', client_secret: secret }) =>
    post(test, '/oauth/token', {
      ...{ grant_type: EXCHANGE, requested_token_type: TOKEN_TYPE, audience: CHAT, subject_token: held },
      ...{ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', ...who, ...form },
    })

  await t.test(
    'it is of its own type, for that server alone, for five minutes, with what is granted there',
    async () => {
      const { status, body } = await exchange()
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(
        [body.issued_token_type, body.token_type, body.scope, body.expires_in],
        [TOKEN_TYPE, 'N_A', 'chat.read', 300],
      )
      const keys = createRemoteJWKSet(new URL(`${test.url}/.well-known/jwks.json`))
      const rules = { issuer: test.url, audience: CHAT, typ: TYPE, currentDate: test.room.clock.now() }
      const { payload } = await jwtVerify(body.access_token, keys, rules)
      const { jti, iat = 0, exp = 0, ...claims } = payload
      assert.equal(typeof jti, 'string')
      assert.equal(exp - iat, 300)
      assert.deepEqual(claims, { iss: test.url, sub: 'nhi_sync', aud: CHAT, client_id: 'nhi_sync', scope: 'chat.read' })
      const event = (await test.room.events()).at(-1)
      assert.deepEqual([event?.kind, event?.evidence.issued], ['broker.token.exchange', 'id-jag'])
    },
  )
  await t.test('a scope that the policy does not grant there is refused', async () => {
    assert.deepEqual(endOf(await exchange({ scope: 'chat.write' })), [400, 'invalid_target'])
  })
  await t.test('it is no token here: not at introspection, nor for an exchange, nor to be redeemed by us', async () => {
    const { access_token: grant } = (await exchange()).body
    const proof = { client_id: 'nhi_sync', client_secret: secret }
    assert.deepEqual((await post(test, '/oauth/introspect', { ...proof, token: grant })).body, { active: false })
    assert.deepEqual(endOf(await exchange({ subject_token: grant })), [400, 'invalid_request'])
    const own = { grant_type: GRANT, assertion: grant, resource: ORDERS, ...proof }
    assert.deepEqual(endOf(await post(test, '/oauth/token', own)), [400, 'invalid_grant'])
  })
  await t.test('an API gets no grant, and an authorization server no token', async () => {
    assert.deepEqual(endOf(await exchange({ audience: ORDERS })), [400, 'invalid_target'])
    assert.deepEqual(endOf(await postSecret(test, secret, { resource: CHAT })), [400, 'invalid_target'])
    const asToken = { requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
    assert.deepEqual(endOf(await exchange(asToken)), [400, 'invalid_target'])
    assert.deepEqual(endOf(await exchange({ audience: 'https://unknown.example' })), [400, 'invalid_target'])
    assert.deepEqual(endOf(await exchange({ resource: CHAT })), [400, 'invalid_request'])
  })
  await t.test('§4.3.1: only the client that the token was given to gets it, whoever else may act for it', async () => {
    test.subjects.put('nhi_worker')
    test.decisions.letActFor('nhi_worker', 'nhi_sync')
    test.decisions.grant('nhi_worker', CHAT, ['chat.read'])
    const { secret: theirs } = await addSecret(test, 'nhi_worker')
    const named = (await postSecret(test, secret, { may_act: 'nhi_worker' })).body.access_token
    const who = { client_id: 'nhi_worker', client_secret: theirs }
    assert.deepEqual(endOf(await exchange({ subject_token: named }, who)), [400, 'invalid_request'])
  })
  await t.test('§7: metadata say so', async () => {
    const metadata: unknown = await (await fetch(`${test.url}/.well-known/oauth-authorization-server`)).json()
    const { identity_chaining_requested_token_types_supported: types } = Object(metadata)
    assert.deepEqual(types, [TOKEN_TYPE])
  })
})

import assert from 'node:assert/strict'
import { createVerifier, systemClock, type Use } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { addSecret, ORDERS, onEveryBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'
import { githubJob, openIssuer } from '../fakes/foreign-issuer.ts'

const PAYMENT = {
  type: 'payment',
  fields: {
    amountCents: { kind: 'number', isRequired: true, min: 1, max: 100_000 },
    currency: { kind: 'text', isRequired: false, oneOf: ['EUR', 'CHF'] },
    isUrgent: { kind: 'flag', isRequired: false },
    accounts: { kind: 'texts', isRequired: false },
  },
} as const
const GOOD = { type: 'payment', actions: ['orders.read'], amountCents: 500, currency: 'EUR', accounts: ['a', 'b'] }

const setUp = async (test: TestBroker): Promise<string> => {
  setUpOrders(test)
  test.decisions.addResource(ORDERS, { servedBy: ['nhi_orders_api'], detailTypes: [PAYMENT] })
  return (await addSecret(test)).secret
}

const asForm = (...details: unknown[]) => ({ authorization_details: JSON.stringify(details) })
const endOf = ({ status, body }: { status: number; body: { error?: string } }) => [status, body.error]

onEveryBroker(
  '§2, §7, §9: what is granted stands in the token, in the answer and in introspection',
  async (test, t) => {
    const secret = await setUp(test)

    await t.test('§7: client_credentials; without a scope nothing else is granted', async () => {
      const { status, body } = await postSecret(test, secret, asForm(GOOD))
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(body.authorization_details, [GOOD])
      const claims = decodeJwt(body.access_token)
      assert.deepEqual([claims.authorization_details, claims.scope], [[GOOD], ''])
      const asked = test.decisions.lastAsked()
      const { actions, ...facts } = GOOD
      assert.deepEqual([asked?.actions, asked?.detail], [actions, facts])
      const form = { client_id: 'nhi_sync', client_secret: secret, token: body.access_token }
      const seen = await post(test, '/oauth/introspect', form)
      assert.deepEqual([seen.body.active, seen.body.authorization_details], [true, [GOOD]])
    })
    await t.test('§3.1: with a scope both are decided, and both are granted', async () => {
      const { body } = await postSecret(test, secret, { ...asForm(GOOD), scope: 'orders.read' })
      assert.deepEqual([body.scope, body.authorization_details], ['orders.read', [GOOD]])
    })
    await t.test('without any a token is what it was', async () => {
      const { body } = await postSecret(test, secret)
      assert.equal('authorization_details' in body, false)
      assert.equal('authorization_details' in decodeJwt(body.access_token), false)
    })
    await t.test('two details are two decisions, each on record', async () => {
      const other = { ...GOOD, amountCents: 7 }
      const { status } = await postSecret(test, secret, asForm(GOOD, other))
      assert.equal(status, 200)
      const events = await test.room.events()
      const last = events.slice(-2)
      assert.deepEqual(
        last.map(({ kind, decision }) => [kind, decision?.id]),
        [
          ['broker.token.issue', 'dec_fake'],
          ['broker.token.detail', 'dec_fake'],
        ],
      )
      assert.equal(last[0]?.evidence.details, 'payment payment')
    })
    await t.test('jwt-bearer takes them as well', async () => {
      const issuer = await openIssuer(test.room.clock.now)
      t.after(() => issuer.close())
      test.subjects.put('nhi_sync', { kind: 'ci-job' })
      const claims = { repository_id: '74', repository_owner_id: '65', environment: 'production' }
      const trust = { identity: 'nhi_sync', issuer: issuer.url, audience: test.url, platform: 'github', claims }
      await test.call('broker.trust.add', trust)
      await test.room.changes.catchUp()
      const { status, body } = await post(test, '/oauth/token', {
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', resource: ORDERS, ...asForm(GOOD) },
        assertion: await issuer.sign(githubJob({ aud: test.url })),
      })
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(body.authorization_details, [GOOD])
    })
  },
)

onEveryBroker('§5: what the resource does not take is invalid_authorization_details', async (test, t) => {
  const secret = await setUp(test)
  const wrong: [string, unknown][] = [
    ['no list', GOOD],
    ['no JSON', 'payment'],
    ['no object', [1]],
    ['no type', [{ actions: ['orders.read'] }]],
    ['an unknown type', [{ ...GOOD, type: 'refund' }]],
    ['no action', [{ ...GOOD, actions: [] }]],
    ['an action of nobody', [{ ...GOOD, actions: ['orders.burn'] }]],
    ['an unknown field', [{ ...GOOD, note: 'x' }]],
    ['a field that every object has', [{ ...GOOD, constructor: 'x' }]],
    ['a required field left out', [{ type: 'payment', actions: ['orders.read'] }]],
    ['a number beyond its bound', [{ ...GOOD, amountCents: 100_001 }]],
    ['a fraction', [{ ...GOOD, amountCents: 1.5 }]],
    ['a text for a number', [{ ...GOOD, amountCents: '500' }]],
    ['a text that is not one of them', [{ ...GOOD, currency: 'USD' }]],
    ['an object as a value', [{ ...GOOD, currency: {} }]],
    ['null as a value', [{ ...GOOD, currency: null }]],
    ['a place elsewhere', [{ ...GOOD, locations: ['https://orders.example.com.evil.example/'] }]],
    ['a place that leads elsewhere', [{ ...GOOD, locations: [`${ORDERS}/../admin`] }]],
    ['the same, written otherwise', [{ ...GOOD, locations: [`${ORDERS}/%2E%2e/admin`] }]],
    ['a text twice in a list', [{ ...GOOD, accounts: ['a', 'a'] }]],
    ['too many', Array.from({ length: 11 }, () => GOOD)],
    ['a secret in pieces', [{ ...GOOD, accounts: ['-----BEGIN', 'EC', 'PRIVATE', 'KEY-----x'] }]],
    ['a secret', [{ ...GOOD, identifier: 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB' }]],
  ]
  for (const [what, details] of wrong) {
    const answer = await postSecret(test, secret, { authorization_details: JSON.stringify(details) })
    assert.deepEqual(endOf(answer), [400, 'invalid_authorization_details'], what)
  }
  const twice = '[{"type":"payment","type":"payment","actions":["orders.read"],"amountCents":1}]'
  for (const text of [twice, '[', `[${' '.repeat(5000)}]`])
    assert.deepEqual(endOf(await postSecret(test, secret, { authorization_details: text })), [
      400,
      'invalid_authorization_details',
    ])
  await t.test('a secret that stood in one is kept nowhere', async () => {
    assert.equal(JSON.stringify(await test.room.events()).includes('ghp_'), false)
  })
  await t.test('a resource of another environment is not there, whatever the details are', async () => {
    const uri = 'https://staging.example.com'
    test.decisions.addResource(uri, { environment: 'staging', detailTypes: [PAYMENT] })
    for (const detail of [GOOD, { ...GOOD, type: 'refund' }])
      assert.deepEqual(endOf(await postSecret(test, secret, { ...asForm(detail), resource: uri })), [
        400,
        'invalid_target',
      ])
  })
})

onEveryBroker('§6: an action of a detail that is not granted refuses the whole request', async (test) => {
  const secret = await setUp(test)
  const denied = { ...GOOD, actions: ['orders.read', 'orders.write'] }
  assert.deepEqual(endOf(await postSecret(test, secret, asForm(GOOD, denied))), [400, 'access_denied'])
  assert.deepEqual(endOf(await postSecret(test, secret, { ...asForm(GOOD), scope: 'orders.write' })), [
    400,
    'access_denied',
  ])
})

onEveryBroker('at an exchange details only narrow (RFC 8693)', async (test, t) => {
  const secret = await setUp(test)
  const { body } = await postSecret(test, secret, asForm(GOOD))
  const exchange = (form: Record<string, string> = {}) =>
    post(test, '/oauth/token', {
      ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: body.access_token },
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...{ client_id: 'nhi_sync', client_secret: secret, ...form },
    })

  await t.test('nothing said: what the subject token holds, and no scope that it does not', async () => {
    const { status, body: made } = await exchange()
    assert.equal(status, 200, JSON.stringify(made))
    assert.deepEqual([made.authorization_details, made.scope], [[GOOD], ''])
  })
  await t.test('less of a list is given', async () => {
    const less = { ...GOOD, accounts: ['b'] }
    assert.deepEqual((await exchange(asForm(less))).body.authorization_details, [less])
  })
  await t.test('where, of what kind and which thing may be said more exactly', async () => {
    const exact = { ...GOOD, locations: [`${ORDERS}/eu`], datatypes: ['invoice'], identifier: '7' }
    assert.deepEqual((await exchange(asForm(exact))).body.authorization_details, [exact])
  })
  await t.test('more of a list, another value, a field left out or added or another type are not', async () => {
    const { currency: _, ...without } = GOOD
    for (const wider of [
      { ...GOOD, accounts: ['a', 'c'] },
      { ...GOOD, amountCents: 501 },
      { ...GOOD, currency: 'CHF' },
      { ...GOOD, actions: ['orders.write'] },
      { ...GOOD, accounts: [] },
      { ...GOOD, isUrgent: true },
      { ...GOOD, privileges: ['admin'] },
      without,
    ])
      assert.deepEqual(endOf(await exchange(asForm(wider))), [400, 'invalid_authorization_details'])
  })
  await t.test('a scope that the subject token does not hold is not given beside them', async () => {
    assert.deepEqual(endOf(await exchange({ scope: 'orders.read' })), [400, 'invalid_scope'])
  })
  await t.test('at another resource they are decided anew for everybody who needs the right there', async () => {
    const uri = 'https://billing.example.com'
    test.decisions.addResource(uri, { detailTypes: [PAYMENT] })
    assert.deepEqual(endOf(await exchange({ ...asForm(GOOD), resource: uri })), [400, 'invalid_target'])
    test.decisions.grant('nhi_sync', uri, ['orders.read'])
    const { body: made } = await exchange({ ...asForm(GOOD), resource: uri })
    assert.deepEqual([made.authorization_details, made.scope], [[GOOD], ''])
    assert.equal((await exchange({ resource: uri })).body.authorization_details, undefined)
  })
})

onEveryBroker(
  '§10: metadata name the types; a foreign client reads them, and a verifier requires one',
  async (test, t) => {
    const secret = await setUp(test)
    const issuer = new URL(test.url)
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', [oauth.allowInsecureRequests]: true })
    const server = await oauth.processDiscoveryResponse(issuer, found)
    assert.deepEqual(server.authorization_details_types_supported, ['payment'])
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      { client_id: 'nhi_sync' },
      oauth.ClientSecretPost(secret),
      { resource: ORDERS, ...asForm(GOOD) },
      { [oauth.allowInsecureRequests]: true },
    )
    const tokens = await oauth.processClientCredentialsResponse(server, { client_id: 'nhi_sync' }, response)
    assert.deepEqual(tokens.authorization_details, [GOOD])

    const clock = { ...systemClock, nowMs: () => test.room.clock.now().getTime() }
    const verifier = createVerifier({
      ...{ issuer: test.url, audience: ORDERS, allowsPlainHttp: true },
      clock,
    })
    t.after(() => verifier.close())
    const bearer = `Bearer ${tokens.access_token}`
    const token = await verifier.verify(bearer, { action: 'orders.read', detail: { type: 'payment', accounts: ['a'] } })
    assert.deepEqual([token.details, token.scopes], [[GOOD], []])
    const lacking: Use[] = [
      { action: 'orders.read' },
      { detail: { type: 'refund' } },
      { action: 'orders.write', detail: { type: 'payment' } },
      { detail: { type: 'payment', accounts: ['c'] } },
      { detail: { type: 'payment', currency: 'CHF' } },
    ]
    for (const use of lacking) await assert.rejects(verifier.verify(bearer, use), { code: 'insufficient_scope' })
  },
)

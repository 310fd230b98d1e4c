import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createTokenSource } from '@reeve/sdk'
import { createDpopProver } from '@reeve/sdk/dpop'
import { decodeJwt, exportJWK, UnsecuredJWT } from 'jose'
import { TIERS } from '../../src/settings.ts'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  openBroker,
  post,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'
import { holdKey } from '../dpop.ts'

/** A client with a secret and a key to bind its tokens to. */
const setUpBound = async (test: TestBroker) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const held = await holdKey(test.room.clock)
  const url = `${test.url}/oauth/token`
  const now = () => Math.floor(test.room.clock.now().getTime() / 1000)
  const ask = (dpop?: string, form: Record<string, string> = {}) =>
    post(
      test,
      '/oauth/token',
      {
        ...{ grant_type: 'client_credentials', client_id: 'nhi_sync', client_secret: secret, resource: ORDERS },
        ...form,
      },
      dpop === undefined ? {} : { dpop },
    )
  const nonce = async () => (await ask(await held.prove({ method: 'POST', url }))).headers.get('dpop-nonce') ?? ''
  const claims = (change: Record<string, unknown> = {}) => ({
    ...{ htm: 'POST', htu: url, iat: now(), jti: crypto.randomUUID() },
    ...change,
  })
  return { secret, held, url, now, ask, nonce, claims }
}

const raise = async (test: TestBroker, tier: 'medium' | 'high', id = 'nhi_sync'): Promise<void> => {
  test.subjects.put(id, { tier })
  await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: id }]))
  await test.room.changes.catchUp()
}

onEveryBroker(
  'RFC 9449 §4.3: each thing that is wrong with a proof refuses the token, in its own words',
  async (test) => {
    const { held, url, ask, nonce, claims, now } = await setUpBound(test)
    const other = await holdKey(test.room.clock)
    const fresh = await nonce()
    const said = (change: Record<string, unknown> = {}) => claims({ nonce: fresh, ...change })
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const weakJwk = await exportJWK(weak.publicKey)
    const good = await held.sign(said())
    const [header = '', payload = '', signature = ''] = good.split('.')
    const cases: [string, string, RegExp][] = [
      ['two proofs', `${good}, ${await held.sign(said())}`, /not one signed JWT/],
      ['nothing', '', /not one signed JWT/],
      ['too large', 'x'.repeat(8_193), /too large/],
      ['a cut signature', `${header}.${payload}.${signature.slice(0, -4)}`, /signature|JWT/],
      [
        'another payload',
        `${header}.${Buffer.from(JSON.stringify(said())).toString('base64url')}.${signature}`,
        /signature/,
      ],
      ['alg none', new UnsecuredJWT(said()).encode(), /JWT|typ/],
      ['typ JWT', await held.sign(said(), { typ: 'JWT' }), /typ/],
      ['no key', await held.sign(said(), { jwk: undefined }), /no public key/],
      ['a private key', await held.sign(said(), { jwk: held.privateJwk }), /private key/],
      ['a symmetric key', await held.sign(said(), { jwk: { kty: 'oct', k: 'AAAA' } }), /no public key/],
      ['a weak key', await held.sign(said(), { jwk: weakJwk }), /too weak/],
      ['a point off the curve', await held.sign(said(), { jwk: { ...held.jwk, y: held.jwk.x } }), /too weak/],
      ['a key by its URL', await held.sign(said(), { jku: 'https://evil.example.com' }), /more than it may/],
      ['crit', await held.sign(said(), { crit: ['b64'], b64: true }).catch(() => 'x.y.z'), /./],
      ['signed by another', await other.sign(said(), { jwk: held.jwk }), /signature/],
      ['no jti', await held.sign(said({ jti: undefined })), /jti/],
      ['another method', await held.sign(said({ htm: 'GET' })), /htm/],
      ['another endpoint', await held.sign(said({ htu: `${test.url}/oauth/introspect` })), /htu/],
      ['another server', await held.sign(said({ htu: 'https://other.example.com/oauth/token' })), /htu/],
      ['no iat', await held.sign(said({ iat: undefined })), /iat/],
      ['an old one', await held.sign(said({ iat: now() - 61 })), /iat/],
      ['one from the future', await held.sign(said({ iat: now() + 61 })), /iat/],
    ]
    for (const [name, proof, words] of cases) {
      const { status, body } = await ask(proof)
      assert.deepEqual([status, body.error, body.code], [400, 'invalid_dpop_proof', 'dpop_proof_invalid'], name)
      assert.match(body.error_description, words, name)
    }
    // §4.3, check 9: a query, a fragment and another writing of the same address are the same address.
    for (const htu of [
      `${url}?x=1#y`,
      url.replace('http', 'HTTP'),
      url.replace('token', '%74oken'),
      `${test.url}/a/../oauth/token`,
    ])
      assert.equal((await ask(await held.sign(said({ htu })))).status, 200, htu)
    assert.equal((await ask(good)).status, 200, 'nothing of it used up the good one')
    const refused = (await test.room.events()).filter(({ code }) => code === 'dpop_proof_invalid')
    assert.deepEqual([refused.length, new Set(refused.map(({ actor }) => actor.id)).size], [cases.length, 1])
  },
)

onEveryBroker('RFC 9449 §5, §6.1: a token asked for with a proof is bound to the key, and says so', async (test) => {
  const { held, url, ask, nonce } = await setUpBound(test)
  const answer = await ask(await held.prove({ method: 'POST', url, nonce: await nonce() }))
  assert.deepEqual([answer.status, answer.body.token_type], [200, 'DPoP'], JSON.stringify(answer.body))
  assert.deepEqual(decodeJwt(answer.body.access_token).cnf, { jkt: held.jkt })
  const event = (await test.room.events()).findLast(({ kind }) => kind === 'broker.token.issue')
  assert.equal(event?.evidence.boundTo, held.jkt)
  const bearer = await ask()
  assert.deepEqual([bearer.body.token_type, bearer.headers.get('dpop-nonce')], ['Bearer', null])
  assert.equal(decodeJwt(bearer.body.access_token).cnf, undefined)
})

onEveryBroker('RFC 9449 §5: keys of every algorithm that the metadata names', async (test) => {
  const { url, ask, nonce } = await setUpBound(test)
  const metadata = await (await fetch(`${test.url}/.well-known/oauth-authorization-server`)).json()
  assert.deepEqual(metadata.dpop_signing_alg_values_supported, ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])
  const { clock } = test.room
  const given = {
    clock: { nowMs: () => clock.now().getTime(), monotonicMs: () => 0, after: () => () => undefined },
    random: { fraction: () => 0.5, id: () => crypto.randomUUID() },
  }
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }
  const keys = await Promise.all([
    crypto.subtle.generateKey({ name: 'RSASSA-PKCS1-v1_5', ...rsa }, false, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'RSA-PSS', ...rsa }, false, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']),
  ])
  for (const key of keys) {
    assert.ok('privateKey' in key)
    const prove = createDpopProver({ key, ...given })
    const { body } = await ask(await prove({ method: 'POST', url, nonce: await nonce() }))
    assert.equal(body.token_type, 'DPoP', key.privateKey.algorithm.name)
  }
})

onEveryBroker('RFC 9449 §8: a proof needs a nonce of the last two minutes, from whichever replica', async (test) => {
  const { held, url, ask, claims } = await setUpBound(test)
  const first = await ask(await held.prove({ method: 'POST', url }))
  assert.deepEqual([first.status, first.body.error, first.body.code], [400, 'use_dpop_nonce', 'dpop_nonce_required'])
  const nonce = first.headers.get('dpop-nonce') ?? ''
  assert.match(nonce, /^[\w-]{24}$/)
  for (const wrong of ['', 'x', 7, null, `${nonce}x`, nonce.slice(0, -1)])
    assert.equal((await ask(await held.sign(claims({ nonce: wrong })))).body.error, 'use_dpop_nonce')
  const events = await test.room.events()
  assert.equal(events.filter(({ kind }) => kind === 'broker.token.issue').length, 0, 'a question is no refusal')
  const replica = await openBroker(test.room, test, { issuer: test.url })
  try {
    assert.equal(await replica.broker.dpopNonce(), nonce)
  } finally {
    await replica.http.close()
  }
  test.room.clock.advance(60_000)
  const later = await ask(await held.sign(claims({ nonce })))
  assert.equal(later.status, 200)
  // §8.2: the next one comes with the answer.
  const next = later.headers.get('dpop-nonce') ?? ''
  assert.notEqual(next, nonce)
  test.room.clock.advance(60_000)
  assert.equal((await ask(await held.sign(claims({ nonce })))).body.error, 'use_dpop_nonce')
  assert.equal((await ask(await held.sign(claims({ nonce: next })))).status, 200)
})

onEveryBroker(
  'RFC 9449 §11.1: a proof is used once, also together with an assertion, and names are each key’s own',
  async (test) => {
    const { held, url, ask, nonce, claims } = await setUpBound(test)
    const { privateKey } = await addKey(test)
    const other = await holdKey(test.room.clock)
    const fresh = await nonce()
    const said = claims({ nonce: fresh, jti: 'one' })
    assert.equal((await ask(await held.sign(said))).status, 200)
    const again = await ask(await held.sign(said))
    assert.deepEqual([again.body.error, again.body.code], ['invalid_dpop_proof', 'dpop_proof_replayed'])
    assert.equal((await ask(await other.sign(said))).status, 200)
    const byAssertion = (assertion: string, dpop: string) =>
      post(
        test,
        '/oauth/token',
        { grant_type: 'client_credentials', resource: ORDERS, ...assertionForm(assertion) },
        { dpop },
      )
    const assertion = await signAssertion(test, privateKey)
    const proof = () => held.prove({ method: 'POST', url, nonce: fresh })
    const staleProof = await held.prove({ method: 'POST', url })
    assert.equal((await byAssertion(assertion, staleProof)).body.error, 'use_dpop_nonce')
    const used = await proof()
    assert.equal((await byAssertion(assertion, used)).status, 200, 'the question for a nonce used up no assertion')
    assert.equal((await byAssertion(assertion, await proof())).body.code, 'assertion_replayed')
    const next = await signAssertion(test, privateKey)
    assert.equal((await byAssertion(next, used)).body.code, 'dpop_proof_replayed')
    assert.equal((await byAssertion(next, await proof())).body.code, 'assertion_replayed', 'a refusal uses it up')
  },
)

onEveryBroker('C2: of 1,000 uses of one proof at once, exactly one succeeds', async (test) => {
  const { secret, held, url, nonce } = await setUpBound(test)
  const dpop = await held.prove({ method: 'POST', url, nonce: await nonce() })
  const form = new Map(
    Object.entries({
      ...{ grant_type: 'client_credentials', client_id: 'nhi_sync', client_secret: secret, resource: ORDERS },
    }),
  )
  const request = {
    ...{ form, dpop, authorization: undefined, requestId: 'req_c2', traceparent: null, failed: () => 0 },
    source: { ip: '127.0.0.1', region: null, userAgent: null },
  }
  const answers = await Promise.all(Array.from({ length: 1000 }, () => test.broker.issueToken(request)))
  const codes = answers.map((answer) => ('accessToken' in answer ? 'issued' : 'code' in answer ? answer.code : ''))
  assert.equal(codes.filter((code) => code === 'issued').length, 1)
  assert.equal(codes.filter((code) => code === 'dpop_proof_replayed').length, 999)
})

onEveryBroker('RFC 9449 §6.2: introspection says what a token is bound to', async (test) => {
  const { held, url, ask, nonce, secret } = await setUpBound(test)
  const { body } = await ask(await held.prove({ method: 'POST', url, nonce: await nonce() }))
  const form = { client_id: 'nhi_sync', client_secret: secret, token: body.access_token }
  const found = await post(test, '/oauth/introspect', form)
  assert.deepEqual([found.body.active, found.body.token_type, found.body.cnf], [true, 'DPoP', { jkt: held.jkt }])
})

onEveryBroker(
  'a tier that requires it gives no token that whoever has it could use, and stops those of before',
  async (test) => {
    setUpOrders(test)
    test.decisions.addResource(test.url, { environment: 'production' })
    test.decisions.grant('nhi_sync', test.url, ['orders.read'])
    const { privateKey } = await addKey(test)
    const held = await holdKey(test.room.clock)
    const url = `${test.url}/oauth/token`
    const ask = async (dpop?: string) =>
      post(
        test,
        '/oauth/token',
        {
          ...{ grant_type: 'client_credentials', resource: test.url },
          ...assertionForm(await signAssertion(test, privateKey)),
        },
        dpop === undefined ? {} : { dpop },
      )
    const bound = async () => {
      const nonce = await test.broker.dpopNonce()
      return ask(await held.prove({ method: 'POST', url, nonce }))
    }
    const bearer: string = (await ask()).body.access_token
    assert.equal(test.decisions.lastAsked()?.isSenderConstrained, false, 'the policy is told')
    const early: string = (await bound()).body.access_token
    const { gate } = test.broker
    assert.equal((await gate.authenticate(bearer)).actor.id, 'nhi_sync')
    for (const tier of ['medium', 'high'] as const) {
      await raise(test, tier)
      assert.equal((await bound()).body.token_type, 'DPoP', tier)
      assert.equal(test.decisions.lastAsked()?.isSenderConstrained, true, 'the policy is told')
      const { status, body } = await ask()
      if (TIERS[tier].senderConstrained === 'required')
        assert.deepEqual([status, body.error, body.code], [400, 'invalid_request', 'sender_constraint_required'])
      else assert.equal(body.token_type, 'Bearer')
    }
    const refused = { code: 'token_refused' }
    await assert.rejects(gate.authenticate(bearer), refused)
    await assert.rejects(
      Promise.try(() => gate.authenticateKnown(bearer)),
      refused,
    )
    assert.equal((await gate.authenticate(early, { jkt: held.jkt })).actor.id, 'nhi_sync')
    for (const jkt of [undefined, '', 'x']) await assert.rejects(gate.authenticate(early, { jkt }), refused)
    await assert.rejects(
      Promise.try(() => gate.authenticateKnown(early)),
      refused,
      'and not as a bearer token',
    )
  },
)

onEveryBroker(
  'RFC 9449 §5: the SDK binds its tokens, follows the nonce, and says when it was not bound',
  async (test) => {
    test.room.clock.advance(Date.now() - test.room.clock.now().getTime())
    const { secret } = await setUpBound(test)
    const options = {
      ...{ issuer: test.url, clientId: 'nhi_sync', auth: { clientSecret: secret }, audience: ORDERS },
      ...({ feed: false, allowsPlainHttp: true } as const),
    }
    const source = createTokenSource({ ...options, dpop: true })
    assert.match(JSON.stringify(decodeJwt(await source.token()).cnf), /^\{"jkt":"[\w-]{43}"\}$/)
    const { authorization = '', dpop = '' } = await source.headers({ method: 'GET', url: `${ORDERS}/a?b=1` })
    assert.match(authorization, /^DPoP ey/)
    const said = decodeJwt(dpop)
    assert.deepEqual([said.htm, said.htu], ['GET', `${ORDERS}/a`])
    source.close()
    const stripped = createTokenSource({
      ...{ ...options, dpop: true },
      fetch: (url, init) => {
        const headers = new Headers(init.headers)
        headers.delete('dpop')
        return fetch(url, { ...init, headers })
      },
    })
    await assert.rejects(stripped.token(), { code: 'answer_malformed' })
    stripped.close()
  },
)

onEveryBroker(
  'RFC 9449 §11.1: a proof that came with parameters which cannot be read is used up as well',
  async (test) => {
    const { held, url, ask, nonce } = await setUpBound(test)
    const proof = await held.prove({ method: 'POST', url, nonce: await nonce() })
    assert.equal((await ask(proof, { may_act: 'nobody in particular' })).status, 400)
    assert.equal((await ask(proof)).body.code, 'dpop_proof_replayed')
  },
)

import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { CompactSign, UnsecuredJWT } from 'jose'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'

const ask = (test: TestBroker, assertion: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', {
    grant_type: 'client_credentials',
    resource: ORDERS,
    ...assertionForm(assertion),
    ...form,
  })

onEveryBroker('RFC 7523 §3: an assertion for the issuer or the token endpoint gets a token, once', async (test) => {
  setUpOrders(test)
  const { id, privateKey } = await addKey(test)
  for (const aud of [test.url, [test.url], `${test.url}/oauth/token`, [`${test.url}/oauth/token`]]) {
    const assertion = await signAssertion(test, privateKey, { aud })
    const first = await ask(test, assertion)
    assert.equal(first.status, 200, JSON.stringify(first.body))
    const second = await ask(test, assertion)
    assert.deepEqual(
      [second.status, second.body.error, second.body.code],
      [401, 'invalid_client', 'assertion_replayed'],
    )
  }
  const events = (await test.room.events()).filter((event) => event.kind === 'broker.token.issue')
  assert.deepEqual(events.map((event) => [event.outcome, event.code, event.actor.id, event.credential]).slice(0, 2), [
    ['done', null, 'nhi_sync', id],
    ['refused', 'assertion_replayed', 'nhi_sync', id],
  ])
})

onEveryBroker(
  'rfc7523bis: an assertion that says its type is for the issuer alone, at every endpoint',
  async (test) => {
    setUpOrders(test)
    const { privateKey } = await addKey(test)
    const typ = 'application/Client-Authentication+JWT'
    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      const send = async (aud: string) => {
        const form = assertionForm(await signAssertion(test, privateKey, { aud }, { typ }))
        const wanted: Record<string, string> =
          path === '/oauth/token' ? { grant_type: 'client_credentials', resource: ORDERS } : { token: 'x' }
        return post(test, path, { ...form, ...wanted })
      }
      assert.equal((await send(test.url)).status, 200, path)
      for (const aud of [`${test.url}/oauth/token`, test.url + path]) {
        const { status, body } = await send(aud)
        assert.deepEqual([status, body.code], [401, 'assertion_invalid'], `${path} ${aud}`)
      }
    }
  },
)

onEveryBroker('RFC 7523 §3: an assertion with a missing or wrong claim is refused', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const now = Math.floor(test.room.clock.now().getTime() / 1000)
  const wrong: Record<string, unknown>[] = [
    { iss: 'nhi_other' },
    { iss: undefined },
    { sub: undefined },
    { aud: undefined },
    { aud: 'https://elsewhere.example.com' },
    { aud: `${test.url}/` },
    { aud: [] },
    { aud: [test.url, 'https://elsewhere.example.com'] },
    { aud: `${test.url}/oauth/introspect` },
    { exp: undefined },
    { exp: now },
    { exp: now - 1 },
    { exp: now + 361 },
    { exp: `${now + 60}` },
    { exp: now + 60.5 },
    { exp: 1e308 },
    { exp: -1 },
    { iat: undefined },
    { iat: now + 120 },
    { iat: `${now}` },
    { nbf: now + 120 },
    { nbf: 'soon' },
    { jti: undefined },
    { jti: '' },
    { jti: 7 },
    { jti: 'x'.repeat(257) },
    { reeve_instance: 7 },
  ]
  for (const claims of wrong) {
    const answer = await ask(test, await signAssertion(test, privateKey, claims))
    assert.deepEqual([answer.status, answer.body.code], [401, 'assertion_invalid'], JSON.stringify(claims))
  }
})

onEveryBroker(
  'RFC 8725 §3.11: what a client signed as something else than an assertion proves nobody',
  async (test) => {
    setUpOrders(test)
    const { privateKey } = await addKey(test)
    for (const typ of ['JWT', 'client-authentication+jwt', 'application/client-authentication+JWT']) {
      const { status, body } = await ask(test, await signAssertion(test, privateKey, {}, { typ }))
      assert.equal(status, 200, JSON.stringify(body))
    }
    for (const typ of [
      'secevent+jwt',
      'at+jwt',
      'kb+jwt',
      'oauth-authz-req+jwt',
      'application/dpop+jwt',
      '',
      7,
      ['JWT'],
    ]) {
      const { status, body } = await ask(test, await signAssertion(test, privateKey, {}, { typ }))
      assert.deepEqual([status, body.code], [401, 'assertion_invalid'], JSON.stringify(typ))
    }
  },
)

onEveryBroker('RFC 7523 §3: the signature must be by a key of this client, with that key’s algorithm', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...rsa.publicKey.export({ format: 'jwk' }), alg: 'PS256' }
  await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'public-key', publicKey: jwk })
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const cases: [string, KeyObject, string, number][] = [
    ['ES256', privateKey, 'its own key', 200],
    ['PS256', rsa.privateKey, 'its RSA key as registered', 200],
    ['RS256', rsa.privateKey, 'its RSA key with another padding', 401],
    ['ES256', stranger, 'a key of nobody', 401],
  ]
  for (const [alg, key, what, status] of cases) {
    const answer = await ask(test, await signAssertion(test, key, {}, { alg }))
    assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`)
    if (status === 401) assert.equal(answer.body.code, 'client_not_proven')
  }
  // Signed as registered, but the header says otherwise: a signature counts only under the name that it was made with.
  const honest = await signAssertion(test, rsa.privateKey, {}, { alg: 'PS256' })
  const input = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${honest.split('.')[1]}`
  const options = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const lying = await ask(test, `${input}.${signBytes('sha256', Buffer.from(input), options).toString('base64url')}`)
  assert.deepEqual([lying.status, lying.body.code], [401, 'client_not_proven'])
  const unknown = await ask(test, await signAssertion(test, stranger, { iss: 'nhi_nobody', sub: 'nhi_nobody' }))
  assert.deepEqual([unknown.status, unknown.body.code], [401, 'client_not_proven'])
})

onEveryBroker(
  'RFC 8725 §3: an assertion cannot choose its algorithm, bring its key, or be written twice',
  async (test) => {
    setUpOrders(test)
    const { privateKey } = await addKey(test)
    const now = Math.floor(test.room.clock.now().getTime() / 1000)
    const claims = { iss: 'nhi_sync', sub: 'nhi_sync', aud: test.url, iat: now, exp: now + 60, jti: 'attack' }
    const good = await signAssertion(test, privateKey, { jti: 'attack' })
    const [header = '', payload = '', signature = ''] = good.split('.')
    const sign = (head: Record<string, unknown>, text: string) =>
      new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'ES256', ...head }).sign(privateKey)
    const encode = (text: string) => Buffer.from(text).toString('base64url')
    const doubled = JSON.stringify(claims).replace('{', '{"sub":"nhi_other",')
    const attacks = [
      new UnsecuredJWT(claims).encode(),
      ...['none', 'None', 'NONE', 'HS256', 'ES384', 'es256', ''].map(
        (alg) => `${encode(JSON.stringify({ alg }))}.${payload}.${signature}`,
      ),
      `${encode('{"alg":"ES256","alg":"none"}')}.${payload}.${signature}`,
      await sign({ jwk: { kty: 'EC' } }, JSON.stringify(claims)),
      await sign({ jku: 'https://evil.example.com' }, JSON.stringify(claims)),
      await sign({ x5c: [] }, JSON.stringify(claims)),
      await sign({}, doubled),
      `${good}=`,
      `${good}.`,
      ` ${good}`,
      `${header}.${payload}.${signature}A`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      '.'.repeat(5000),
      'x'.repeat(8192),
      `${header}.${payload}.${encode('\0'.repeat(64))}`,
    ]
    for (const attack of attacks) {
      const answer = await ask(test, attack)
      assert.equal(answer.status, 401, `${attack.slice(0, 80)}: ${JSON.stringify(answer.body)}`)
      assert.equal(answer.body.error, 'invalid_client')
    }
    for (let at = 0; at < good.length; at += 7) {
      const flipped = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
      assert.notEqual((await ask(test, flipped)).status, 200, `flipped at ${at}`)
      assert.notEqual((await ask(test, good.slice(0, at))).status, 200, `cut at ${at}`)
    }
    assert.equal((await ask(test, good)).status, 200, 'the untouched one works, so no attack used it up')
  },
)

onEveryBroker('RFC 7521 §4.2: the assertion type and client_id must fit the assertion', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const { secret } = await addSecret(test)
  const sign = () => signAssertion(test, privateKey)
  const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
  assert.equal((await ask(test, await sign(), { client_id: 'nhi_sync' })).status, 200)
  const other = await ask(test, await sign(), { client_id: 'nhi_other' })
  assert.equal(other.body.code, 'client_proof_ambiguous')
  const both = await ask(test, await sign(), { client_id: 'nhi_sync', client_secret: secret })
  assert.equal(both.body.code, 'client_proof_ambiguous')
  const wrongType = await ask(test, await sign(), { client_assertion_type: saml })
  assert.equal(wrongType.body.code, 'parameter_invalid')
})

onEveryBroker('RFC 9864 §2.2: an Ed25519 key may sign under either name of its algorithm', async (test) => {
  setUpOrders(test)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' })
  await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'public-key', publicKey: jwk })
  for (const alg of ['EdDSA', 'Ed25519'])
    assert.equal((await ask(test, await signAssertion(test, privateKey, {}, { alg }))).status, 200, alg)
})

onEveryBroker('the instance that an assertion names is in the token, and cannot be said otherwise', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const signed = () => signAssertion(test, privateKey, { reeve_instance: 'pod-7' })
  const good = await ask(test, await signed())
  const claims = JSON.parse(Buffer.from(good.body.access_token.split('.')[1], 'base64url').toString())
  assert.equal(claims.reeve.instance, 'pod-7')
  const same = await ask(test, await signed(), { instance: 'pod-7' })
  assert.equal(same.status, 200)
  const other = await ask(test, await signed(), { instance: 'pod-8' })
  assert.deepEqual([other.status, other.body.code], [400, 'parameter_invalid'])
})

onEveryBroker('C2: of 1,000 uses of one assertion at once, exactly one succeeds', async (test) => {
  setUpOrders(test)
  const { privateKey } = await addKey(test)
  const form = new Map(
    Object.entries({
      grant_type: 'client_credentials',
      resource: ORDERS,
      ...assertionForm(await signAssertion(test, privateKey)),
    }),
  )
  const request = {
    form,
    authorization: undefined,
    source: { ip: '127.0.0.1', region: null, userAgent: null },
    requestId: 'req_c2',
    traceparent: null,
    failed: () => 0,
  }
  const answers = await Promise.all(Array.from({ length: 1000 }, () => test.broker.issueToken(request)))
  const codes = answers.map((answer) => ('accessToken' in answer ? 'issued' : 'code' in answer ? answer.code : ''))
  assert.equal(codes.filter((code) => code === 'issued').length, 1)
  assert.equal(codes.filter((code) => code === 'assertion_replayed').length, 999)
  const events = (await test.room.events()).filter((event) => event.kind === 'broker.token.issue')
  assert.equal(events.length, 1000)
  assert.equal(events.filter((event) => event.outcome === 'done').length, 1)
})

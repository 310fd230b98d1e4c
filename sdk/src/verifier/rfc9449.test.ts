import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { base64url, exportJWK, UnsecuredJWT } from 'jose'
import { audience } from '../../test/fake-keys.ts'
import { holdKey } from '../../test/held-key.ts'
import { startIssuer } from '../../test/start.ts'
import { sha256 } from '../digest.ts'
import { VerifyError } from '../verify-error.ts'
import type { Presented } from './bearer.ts'
import type { Verifier } from './verifier.ts'
import type { VerifierOptions } from './verifier-options.ts'

const URL_OF = `${audience}/orders`

/** A verifier, a token bound to a key, and what a request with it says. */
const startBound = async (t: TestContext, options: Partial<VerifierOptions> = {}) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier({ stalenessSecondsMax: 3_600, ...options })
  const held = await holdKey(clock)
  const token = await issuer.issue({ claims: { cnf: { jkt: held.jkt } } })
  const now = () => Math.floor(clock.nowMs() / 1000)
  const claims = (change: Record<string, unknown> = {}) => ({
    ...{ htm: 'GET', htu: URL_OF, iat: now(), jti: crypto.randomUUID(), ath: sha256(token) },
    ...change,
  })
  const request = (headers: Record<string, string>, url = URL_OF, method = 'GET') =>
    new Request(url, { method, headers })
  const bound = (dpop: string, url = URL_OF, method = 'GET') =>
    request({ authorization: `DPoP ${token}`, dpop }, url, method)
  return { clock, issuer, verifier, it, held, token, now, claims, request, bound }
}

const judged = async (it: Verifier, presented: Presented): Promise<string> =>
  it.verify(presented, { scopes: [] }).then(
    ({ identity }) => identity,
    (error: unknown) => (error instanceof VerifyError ? error.code : `UNEXPECTED ${String(error)}`),
  )

test('RFC 9449 §4.3: a proof of the key for this request lets in, once, also where the token was seen before', async (t) => {
  const { it, held, token, bound } = await startBound(t)
  for (let round = 0; round < 3; round++) {
    const proof = await held.prove({ method: 'GET', url: URL_OF, token })
    assert.equal(await judged(it, bound(proof, `${URL_OF}?page=2#end`)), 'nhi_1')
    assert.equal(await judged(it, bound(proof)), 'dpop_proof_replayed')
  }
  assert.equal(it.status().seenTokens, 1)
})

test('RFC 9449 §4.3: each thing that is wrong with a proof refuses it, however good the token', async (t) => {
  const { it, held, token, claims, bound, now } = await startBound(t)
  const other = await holdKey()
  const rsa = await exportJWK(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
  const good = await held.sign(claims())
  const [header = '', payload = '', signature = ''] = good.split('.')
  const cases: [string, string][] = [
    ['two proofs', `${good}, ${await held.sign(claims())}`],
    ['no JWT', 'proof'],
    ['a cut signature', `${header}.${payload}.${signature.slice(0, -4)}`],
    ['another payload', `${header}.${base64url.encode(JSON.stringify(claims()))}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['alg none', new UnsecuredJWT(claims()).encode()],
    ['typ JWT', await held.sign(claims(), { typ: 'JWT' })],
    ['typ missing', await held.sign(claims(), { typ: undefined })],
    ['typ in capitals', await held.sign(claims(), { typ: 'DPOP+JWT' })],
    ['no key', await held.sign(claims(), { jwk: undefined })],
    ['a key that is a text', await held.sign(claims(), { jwk: 'key' })],
    ['a private key', await held.sign(claims(), { jwk: held.privateJwk })],
    ['a symmetric key', await held.sign(claims(), { jwk: { kty: 'oct', k: 'AAAA' } })],
    ['a key of another kind', await held.sign(claims(), { jwk: rsa })],
    ['a key by its URL', await held.sign(claims(), { jku: 'https://evil.test/keys' })],
    ['a certificate', await held.sign(claims(), { x5c: ['AAAA'] })],
    ['a proof by another key', await other.sign(claims())],
    ['the key of the token, signed by another', await other.sign(claims(), { jwk: held.jwk })],
    ['no jti', await held.sign(claims({ jti: undefined }))],
    ['an empty jti', await held.sign(claims({ jti: '' }))],
    ['a jti that is a number', await held.sign(claims({ jti: 7 }))],
    ['a long jti', await held.sign(claims({ jti: 'x'.repeat(257) }))],
    ['no htm', await held.sign(claims({ htm: undefined }))],
    ['another method', await held.sign(claims({ htm: 'POST' }))],
    ['the method in small letters', await held.sign(claims({ htm: 'get' }))],
    ['no htu', await held.sign(claims({ htu: undefined }))],
    ['another path', await held.sign(claims({ htu: `${URL_OF}/7` }))],
    ['a slash more', await held.sign(claims({ htu: `${URL_OF}/` }))],
    ['another host', await held.sign(claims({ htu: 'https://other.test/orders' }))],
    ['another scheme', await held.sign(claims({ htu: URL_OF.replace('https', 'http') }))],
    ['another port', await held.sign(claims({ htu: URL_OF.replace('.test', '.test:8443') }))],
    ['a login in htu', await held.sign(claims({ htu: URL_OF.replace('//', '//a:b@') }))],
    ['a backslash in htu', await held.sign(claims({ htu: URL_OF.replace('/orders', '\\orders') }))],
    ['a path alone', await held.sign(claims({ htu: '/orders' }))],
    ['no iat', await held.sign(claims({ iat: undefined }))],
    ['an old one', await held.sign(claims({ iat: now() - 61 }))],
    ['one from the future', await held.sign(claims({ iat: now() + 61 }))],
    ['an iat with a fraction', await held.sign(claims({ iat: now() + 0.5 }))],
    ['an iat that is a text', await held.sign(claims({ iat: String(now()) }))],
    ['no ath', await held.sign(claims({ ath: undefined }))],
    ['the ath of another token', await held.sign(claims({ ath: sha256(`${token}x`) }))],
  ]
  const wrong: string[] = []
  for (const [name, proof] of cases) {
    const code = await judged(it, bound(proof))
    if (code !== 'dpop_proof_invalid') wrong.push(`${name}: ${code}`)
  }
  assert.deepEqual(wrong, [])
  assert.equal(await judged(it, bound(good, URL_OF, 'POST')), 'dpop_proof_invalid')
  assert.equal(await judged(it, bound(good)), 'nhi_1', 'nothing of it used up the good one')
})

test('RFC 9449 §4.3: a large proof and deep claims cost nothing and let nobody in', async (t) => {
  const { it, held, claims, bound } = await startBound(t)
  assert.equal(await judged(it, bound('.'.repeat(8_000))), 'dpop_proof_invalid')
  assert.equal(await judged(it, bound('x'.repeat(8_193))), 'dpop_proof_invalid')
  const deep = JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`)
  assert.equal(await judged(it, bound(await held.sign(claims({ deep })))), 'dpop_proof_invalid')
})

test('RFC 9449 §7.1: without a proof, as a bearer token, or by its text alone, a bound token is nothing', async (t) => {
  const { it, held, token, request, bound, issuer } = await startBound(t)
  const proof = () => held.prove({ method: 'GET', url: URL_OF, token })
  assert.equal(await judged(it, bound(await proof())), 'nhi_1', 'it is known from now on')
  const bearer = `Bearer ${token}`
  assert.equal(await judged(it, request({ authorization: bearer })), 'token_bound')
  assert.equal(await judged(it, request({ authorization: bearer, dpop: await proof() })), 'token_bound')
  assert.equal(await judged(it, bearer), 'token_bound')
  assert.equal(await judged(it, token), 'token_bound')
  assert.equal(await judged(it, request({ authorization: `DPoP ${token}` })), 'dpop_proof_missing')
  assert.equal(await judged(it, `DPoP ${token}`), 'dpop_proof_missing')
  for (const seen of [token, bearer, request({ authorization: bearer })])
    assert.throws(() => it.verifySeen(seen), { code: 'token_bound' })
  assert.equal(it.verifySeen(bound(await proof())), undefined, 'a proof is never judged by memory')
  const free = await issuer.issue()
  const freely = (headers: Record<string, string>) => judged(it, request(headers))
  assert.equal(await freely({ authorization: `Bearer ${free}` }), 'nhi_1')
  assert.equal(await freely({ authorization: `DPoP ${free}`, dpop: await proof() }), 'token_not_bound')
  assert.equal(await freely({ authorization: `Bearer ${free}`, dpop: await proof() }), 'request_malformed')
})

test('RFC 7800 §3.1: a token that is bound in another way is not let in as if it were bound to nothing', async (t) => {
  const { it, issuer, held, request } = await startBound(t)
  const { jkt } = held
  for (const cnf of [{}, null, 'x', [], { jkt: '' }, { jkt: 7 }, { jwk: held.jwk }, { jkt, kid: 'x' }, { kid: 'x' }])
    assert.equal(
      await judged(it, request({ authorization: `Bearer ${await issuer.issue({ claims: { cnf } })}` })),
      'claim_invalid',
      JSON.stringify(cnf),
    )
})

test('RFC 9449 §7.1: challenges name the scheme, the error and the algorithms', async (t) => {
  const { it, bound, request, token, issuer, held } = await startBound(t)
  const told = async (presented: Presented): Promise<string> =>
    it.verify(presented).then(
      () => '',
      (error: unknown) => (error instanceof VerifyError ? `${error.status} ${error.wwwAuthenticate}` : ''),
    )
  const algs = 'algs="ES256 EdDSA Ed25519 RS256 PS256"'
  assert.equal(await told(request({})), `401 Bearer, DPoP ${algs}`)
  assert.equal(
    await told(bound('x')),
    `401 DPoP error="invalid_dpop_proof", error_description="the proof is wrong", ${algs}`,
  )
  assert.match(await told(`Bearer ${token}`), /^401 Bearer error="invalid_token"/)
  issuer.stop('identity', 'nhi_1')
  const proof = await held.prove({ method: 'GET', url: URL_OF, token })
  assert.match(await told(bound(`${proof}x`)), /^401 DPoP error="invalid_(?:token|dpop_proof)"/)
})

test('RFC 9449 §9: where nonces are asked for, a proof needs one of the last two minutes, of any replica', async (t) => {
  const nonceSecret = crypto.getRandomValues(new Uint8Array(32))
  const { clock, verifier, it, held, token, claims, bound } = await startBound(t, { dpop: { nonceSecret } })
  const nonceBy = async (verifier: Verifier): Promise<string> =>
    verifier.verify(bound(await held.sign(claims()))).then(
      () => 'NONE WAS ASKED FOR',
      (error: unknown) => (error instanceof VerifyError ? (error.dpopNonce ?? '') : ''),
    )
  const nonce = await nonceBy(it)
  assert.match(nonce, /^[\w-]{24}$/)
  for (const wrong of ['', 'x', 7, `${nonce}x`])
    assert.equal(await judged(it, bound(await held.sign(claims({ nonce: wrong })))), 'dpop_nonce_required')
  const replica = await verifier({ stalenessSecondsMax: 3_600, dpop: { nonceSecret } })
  assert.equal(await judged(replica, bound(await held.sign(claims({ nonce })))), 'nhi_1')
  clock.advance(60_000)
  assert.equal(await judged(it, bound(await held.sign(claims({ nonce })))), 'nhi_1')
  clock.advance(60_000)
  assert.equal(await judged(it, bound(await held.sign(claims({ nonce })))), 'dpop_nonce_required')
  const next = await nonceBy(it)
  assert.notEqual(next, nonce)
  assert.equal(await judged(it, bound(await held.prove({ method: 'GET', url: URL_OF, token, nonce: next }))), 'nhi_1')
})

test('RFC 9449 §11.1: used proofs are remembered in bounded memory, and one key cannot lock out another', async (t) => {
  const { clock, issuer, it, held, token, claims, bound, request } = await startBound(t, { dpop: { proofsMax: 20 } })
  const first = await held.sign(claims())
  assert.equal(await judged(it, bound(first)), 'nhi_1')
  assert.equal(await judged(it, bound(await held.sign(claims()))), 'nhi_1')
  assert.equal(await judged(it, bound(await held.sign(claims()))), 'dpop_memory_full')
  assert.equal(await judged(it, bound(first)), 'dpop_proof_replayed', 'what is remembered is never pushed out')
  const other = await holdKey(clock)
  const others = await issuer.issue({ claims: { cnf: { jkt: other.jkt }, jti: 'other' } })
  const dpop = await other.prove({ method: 'GET', url: URL_OF, token: others })
  assert.equal(await judged(it, request({ authorization: `DPoP ${others}`, dpop })), 'nhi_1')
  clock.advance(62_000)
  assert.equal(await judged(it, bound(await held.prove({ method: 'GET', url: URL_OF, token }))), 'nhi_1')
  assert.equal(await judged(it, bound(first)), 'dpop_proof_invalid', 'and what is forgotten is over')
})

test('a step of the clock forward and back does not let a proof in twice', async (t) => {
  const { clock, it, held, claims, bound } = await startBound(t)
  const proof = await held.sign(claims())
  assert.equal(await judged(it, bound(proof)), 'nhi_1')
  clock.step(3_600_000)
  await judged(it, bound(await held.sign(claims())))
  clock.step(-3_600_000)
  assert.equal(await judged(it, bound(proof)), 'dpop_proof_replayed')
})

test('the address of a request is the one that its client wrote: of fetch, Node and frameworks, or outside of a proxy', async (t) => {
  const plain = await startBound(t)
  const proxied = await startBound(t, { dpop: { externalUrl: 'https://orders.test/api/' } })
  const ask = async ({ it, held, token }: typeof plain, htu: string, request: object): Promise<string> => {
    const dpop = await held.prove({ method: 'GET', url: htu, token })
    const headers = { authorization: `DPoP ${token}`, dpop, host: 'orders.test', 'x-forwarded-proto': 'https' }
    return judged(it, { method: 'GET', headers, ...request })
  }
  const cases: [typeof plain, string, object, string][] = [
    [plain, 'http://orders.test/orders', { url: '/orders?a=1' }, 'nhi_1'],
    [plain, 'https://orders.test/orders', { url: '/orders' }, 'dpop_proof_invalid'],
    [plain, 'https://orders.test/orders', { url: '/orders', socket: { encrypted: true } }, 'nhi_1'],
    [plain, 'https://orders.test/orders', { url: '/orders', protocol: 'https' }, 'nhi_1'],
    [plain, 'http://orders.test/v1/orders', { url: '/orders', originalUrl: '/v1/orders' }, 'nhi_1'],
    [plain, 'http://orders.test/orders', {}, 'dpop_proof_invalid'],
    [proxied, 'https://orders.test/api/orders', { url: '/orders' }, 'nhi_1'],
    [proxied, 'https://orders.test/api/orders', { url: 'http://inside:8080/orders?x#y' }, 'nhi_1'],
    [proxied, 'http://orders.test/orders', { url: '/orders' }, 'dpop_proof_invalid'],
  ]
  for (const [bound, htu, request, code] of cases) assert.equal(await ask(bound, htu, request), code, htu)
})

test('RFC 9449 §4.3: no request hides its path behind its host, in dot segments or in an absolute form', async (t) => {
  const plain = await startBound(t)
  const proxied = await startBound(t, { dpop: { externalUrl: 'http://orders.test' } })
  const ask = async ({ it, held, token }: typeof plain, htu: string, url: string, host = 'orders.test') => {
    const dpop = await held.prove({ method: 'GET', url: htu, token })
    return judged(it, { method: 'GET', headers: { authorization: `DPoP ${token}`, dpop, host }, url })
  }
  const orders = 'http://orders.test/orders'
  for (const host of ['?', '#', '/', '/?', ''].map((end) => `orders.test/orders${end}`))
    assert.equal(await ask(plain, orders, '/admin', host), 'dpop_proof_invalid', host)
  for (const host of ['', 'a@orders.test', 'orders.test, orders.test', 'orders.test:80:80', 'orders.test '])
    assert.equal(await ask(plain, orders, '/orders', host), 'dpop_proof_invalid', host)
  for (const bound of [plain, proxied]) {
    for (const path of ['/admin/../orders', '/admin/%2e%2E/orders', '/./orders', '/admin/.%2e/orders?x'])
      assert.equal(await ask(bound, orders, path), 'dpop_proof_invalid', path)
    for (const url of ['http://orders.test?/admin', 'http://orders.test#/admin', '*', 'orders.test:80'])
      assert.equal(await ask(bound, 'http://orders.test/', url), 'dpop_proof_invalid', url)
    for (const url of ['/orders', '/orders?a=/../b', 'http://orders.test/orders', 'http://orders.test:80/orders'])
      assert.equal(await ask(bound, orders, url), 'nhi_1', url)
  }
  assert.equal(await ask(plain, 'http://[::1]:8080/a.b/..c', '/a.b/..c', '[::1]:8080'), 'nhi_1')
})

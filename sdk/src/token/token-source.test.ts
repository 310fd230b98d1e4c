import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import { TokenError } from './token-error.ts'
import { createTokenSource, type TokenSourceOptions } from './token-source.ts'

const path = '/oauth/token'
const audience = 'https://orders.test'
const failsWith = (code: string) => (error: unknown) => error instanceof TokenError && error.code === code

const start = async (
  t: TestContext,
  { lifeSeconds = 600, ...options }: Partial<TokenSourceOptions> & { lifeSeconds?: number } = {},
) => {
  const { clock, issuer, random } = await startIssuer(t, { lifeSeconds })
  issuer.tokens.addSecret('nhi_1', 's:cret %&+é')
  const source = createTokenSource({
    issuer: issuer.url,
    clientId: 'nhi_1',
    auth: { clientSecret: 's:cret %&+é' },
    audience,
    clock,
    random,
    ...options,
  })
  t.after(() => source.close())
  return { clock, issuer, random, source, asked: () => issuer.asked(path).length }
}

test('a key proves the identity by RFC 7523: issuer, subject and audience, used once, a minute at most', async (t) => {
  for (const alg of ['ES256', 'EdDSA', 'RS256', 'PS256'] as const) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), alg, kid: 'key-1' }
    for (const auth of [{ privateKey: jwk }, { privateKey, kid: 'key-1' }]) {
      const { issuer, source, clock } = await start(t, { auth, feed: false })
      issuer.tokens.addKey('nhi_1', { ...(await exportJWK(publicKey)), alg })
      await source.token()
      clock.advance(300_000)
      await until(() => issuer.tokens.assertions.length === 2)
      const [first, second] = issuer.tokens.assertions
      assert.deepEqual([first?.iss, first?.sub, first?.aud], ['nhi_1', 'nhi_1', issuer.url])
      assert.ok((first?.exp ?? 0) - (first?.iat ?? 0) <= 60)
      assert.notEqual(first?.jti, second?.jti)
    }
  }
})

test('a token of the platform is the assertion, asked for anew at each request, and why there is none is told', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  let issued = 0
  const { issuer, source, clock } = await start(t, {
    auth: {
      platformToken: async () => {
        issued += 1
        if (issued > 2) throw new Error('the platform is away')
        const now = Math.floor(clock.nowMs() / 1000)
        const jwt = new SignJWT({
          sub: 'nhi_1',
          iss: 'nhi_1',
          aud: issuer.url,
          jti: `${issued}`,
          iat: now,
          exp: now + 60,
        })
        return `${await jwt.setProtectedHeader({ alg: 'ES256' }).sign(privateKey)}\n`
      },
    },
    feed: false,
  })
  issuer.tokens.addKey('nhi_1', { ...(await exportJWK(publicKey)), alg: 'ES256' })
  for (let count = 1; count <= 2; count += 1) {
    source.drop(await source.token())
    assert.equal(issuer.tokens.assertions.length, count)
  }
  await assert.rejects(source.token(), failsWith('no_proof'))
  assert.match(source.status().lastError?.message ?? '', /the platform is away/)
})

test('a secret is sent as RFC 6749 §2.3.1 says, whatever letters it has, and the resource as RFC 8707 says', async (t) => {
  const { issuer, source } = await start(t, { scope: ['orders.read', 'orders.list'] })
  assert.ok(await source.token())
  const form = new URLSearchParams(issuer.asked(path)[0]?.body)
  assert.deepEqual(
    [...form],
    [
      ['grant_type', 'client_credentials'],
      ['resource', audience],
      ['scope', 'orders.read orders.list'],
    ],
  )
})

test('RFC 9396 §5: what a token is for exactly is sent as it was said when the source was made', async (t) => {
  const detail = { type: 'payment', actions: ['payments.create'], amountCents: 12500 }
  const { issuer, source } = await start(t, { details: [detail] })
  detail.amountCents = 9_999_999
  assert.ok(await source.token())
  const form = new URLSearchParams(issuer.asked(path)[0]?.body)
  assert.deepEqual(JSON.parse(form.get('authorization_details') ?? ''), [{ ...detail, amountCents: 12500 }])
  assert.equal(form.has('scope'), false)
})

test('1,000 callers at once cost one request, and later ones none until half of the life is over', async (t) => {
  const { clock, source, asked } = await start(t)
  const tokens = await Promise.all(Array.from({ length: 1_000 }, () => source.token()))
  assert.equal(new Set(tokens).size, 1)
  clock.advance(290_000)
  await source.token()
  assert.equal(asked(), 1)
})

test('a token in use is renewed at half of its life, give or take a tenth, before anybody waits for it', async (t) => {
  for (const [fraction, seconds] of [
    [0, 270],
    [0.5, 300],
    [1, 330],
  ] as const) {
    const { clock, source, asked } = await start(t, {
      random: { fraction: () => fraction, id: () => crypto.randomUUID() },
    })
    const first = await source.token()
    clock.advance(seconds * 1_000 - 1)
    await settle()
    assert.equal(asked(), 1)
    clock.advance(1)
    await until(() => asked() === 2)
    await until(() => (source.status().expiresInSeconds ?? 0) > 599)
    assert.notEqual(await source.token(), first)
    assert.equal(asked(), 2)
  }
})

test('a token that nobody used is not renewed', async (t) => {
  const { clock, source, asked } = await start(t)
  await source.token()
  clock.advance(330_000)
  await until(() => asked() === 2 && !source.status().isRenewing)
  await settle()
  for (let minute = 0; minute < 60; minute += 1) {
    clock.advance(60_000)
    await settle(5)
  }
  assert.equal(asked(), 2)
})

test('A10: an outage of half a life is not noticed by anybody', async (t) => {
  const { clock, issuer, source } = await start(t)
  await source.token()
  for (let second = 0; second < 3_000; second += 10) {
    if (second === 900) await issuer.down()
    if (second === 1_190) await issuer.up()
    clock.advance(10_000)
    await until(() => !source.status().isRenewing)
    assert.ok(await source.token(), `at ${second} s`)
  }
})

test('A10: in an outage the issuer is tried less and less often, and callers without a token fail at once', async (t) => {
  const { clock, issuer, source, asked } = await start(t)
  issuer.failWith(503, path)
  for (let second = 0; second < 300; second += 1) {
    await assert.rejects(source.token(), failsWith('issuer_unreachable'))
    clock.advance(1_000)
  }
  assert.ok(asked() < 30, String(asked()))
  assert.equal(source.status().lastError?.code, 'issuer_unreachable')
  issuer.misbehave()
  clock.advance(30_000)
  assert.ok(await source.token())
  assert.equal(source.status().lastError, null)
})

test('a token is never handed out past its end, by the monotonic clock', async (t) => {
  const { clock, issuer, source } = await start(t)
  await source.token()
  issuer.failWith(503, path)
  clock.step(-86_400_000)
  clock.advance(599_999)
  await settle()
  assert.ok(source.status().holdsToken)
  clock.advance(1)
  assert.equal(source.status().holdsToken, false)
  await assert.rejects(source.token(), TokenError)
})

test('an issuer that gives no token now is told with why and what to do, by OAuth or as a problem', async (t) => {
  for (const [status, body, said] of [
    [429, { error_description: 'used too often; wait', detail: 'x' }, ': used too often; wait'],
    [
      503,
      { detail: 'the server is sealed', hint: 'start it with its key' },
      ': the server is sealed; start it with its key',
    ],
    [502, {}, ''],
  ] as const) {
    const { source } = await start(t, { fetch: async () => Response.json(body, { status }) })
    await assert.rejects(source.token(), {
      code: 'issuer_unreachable',
      message: `the issuer answered ${status}${said}`,
    })
  }
})

test('a refusal tells the code, trace and decision of the issuer', async (t) => {
  const { source } = await start(t, { clientId: 'nhi_unknown' })
  await assert.rejects(source.token(), (error) => {
    assert.ok(error instanceof TokenError)
    const { code, oauthError, issuerCode, traceId, decisionId } = error
    assert.deepEqual(
      [code, oauthError, issuerCode, traceId, decisionId],
      ['token_refused', 'invalid_client', 'client_unknown', 'trc_1', 'dec_1'],
    )
    assert.match(error.message, /the client is not known/)
    return true
  })
})

test('an answer that is no sound token is refused, and never cached', async (t) => {
  const good = { access_token: 'x', token_type: 'Bearer', expires_in: 60 }
  const answers = [
    '<html>',
    'null',
    { ...good, access_token: '' },
    { ...good, access_token: 7 },
    { ...good, token_type: 'DPoP' },
    { ...good, expires_in: 0 },
    { ...good, expires_in: -1 },
    { ...good, expires_in: '60' },
    { ...good, expires_in: 1e308 },
  ]
  const { clock, issuer, source } = await start(t)
  for (const answer of answers) {
    issuer.misbehave((request, response) => {
      if (request.path !== path) return false
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
      return true
    })
    await assert.rejects(source.token(), failsWith('answer_malformed'), JSON.stringify(answer))
    clock.advance(60_000)
  }
  issuer.misbehave((_, response) => {
    response.end(JSON.stringify(good))
    return true
  })
  assert.equal(await source.token(), 'x')
})

test('an opaque token is held and served, as nothing in it is relied on', async (t) => {
  const { issuer, source } = await start(t)
  issuer.misbehave((request, response) => {
    if (request.path !== path) return false
    response.end(JSON.stringify({ access_token: 'opaque', token_type: 'bearer', expires_in: 60 }))
    return true
  })
  assert.equal(await source.token(), 'opaque')
})

test('told of a quarantine, at any scope, it drops what it holds and asks anew', async (t) => {
  const { clock, issuer, source, asked } = await start(t)
  const { kid } = decodeProtectedHeader(await source.token())
  let rounds = 1
  for (const [scope, id] of [
    ['credential', 'crd_1'],
    ['key', String(kid)],
    ['instance', 'nhi_1/pod-1'],
    ['identity', 'nhi_1'],
    ['owner', 'team_1'],
    ['issuer', issuer.url],
  ] as const) {
    issuer.stop(scope, id)
    await until(() => {
      clock.advance(1_000)
      return !source.status().holdsToken
    }, scope)
    issuer.failWith(400, path)
    await assert.rejects(source.token(), failsWith('token_refused'))
    issuer.misbehave()
    issuer.release(scope, id)
    await until(() => {
      clock.advance(1_000)
      return issuer.asked('/revocations').at(-1)?.query.get('since') === String(issuer.feed.seq)
    })
    await settle()
    clock.advance(30_000)
    assert.ok(await source.token())
    rounds += 2
  }
  assert.ok(asked() >= rounds)
})

test('a token that was stopped while it was on its way is not handed out', async (t) => {
  const { clock, issuer, source } = await start(t)
  await source.token()
  await until(() => issuer.asked('/revocations').length === 1)
  issuer.stop('identity', 'nhi_1')
  await until(() => {
    clock.advance(1_000)
    return !source.status().holdsToken
  })
  await assert.rejects(source.token(), failsWith('token_stopped'))
})

test('it holds no connection open and no timer that keeps a process alive', async (t) => {
  const { issuer, source, clock } = await start(t)
  await source.token()
  await settle()
  assert.equal(issuer.feed.streams, 0)
  source.close()
  assert.equal(clock.timers, 0)
  await assert.rejects(source.token(), failsWith('source_closed'))
})

const startResource = async (t: TestContext, refuse: (token: string) => string | undefined) => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    seen.push(token)
    const challenge = refuse(token)
    if (challenge !== undefined) response.writeHead(401, { 'www-authenticate': challenge })
    request.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  const address = server.address()
  return { seen, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }
}

test('a resource that refuses the token as invalid is asked once more with a new one, with the same body', async (t) => {
  let bad = ''
  const resource = await startResource(t, (token) => (token === bad ? 'Bearer error="invalid_token"' : undefined))
  const { source, asked } = await start(t, { audience: resource.url })
  bad = await source.token()
  const response = await source.fetch(`${resource.url}/orders`, { method: 'POST', body: 'an order' })
  assert.deepEqual([response.status, await response.text()], [200, 'an order'])
  assert.equal(asked(), 2)
  assert.notEqual(resource.seen[1], bad)
})

test('a resource that refuses every token, or for another reason, is not asked for ever', async (t) => {
  const always = await startResource(t, () => 'Bearer error="invalid_token"')
  const first = await start(t, { audience: always.url })
  assert.equal((await first.source.fetch(always.url)).status, 401)
  assert.equal(always.seen.length, 2)
  const other = await startResource(t, () => 'Bearer error="insufficient_scope"')
  const second = await start(t, { audience: other.url })
  assert.equal((await second.source.fetch(other.url)).status, 401)
  assert.equal(other.seen.length, 1)
  assert.equal(second.asked(), 1)
})

test('the token goes to its audience and to the origins named, and nowhere else', async (t) => {
  const resource = await startResource(t, () => undefined)
  const { source, asked } = await start(t, { audience: 'https://orders.test', origins: [resource.url] })
  assert.equal((await source.fetch(new URL('/orders', resource.url))).status, 200)
  for (const url of [
    'https://evil.test/',
    'http://orders.test/',
    'https://orders.test.evil.test',
    'https://orders.test:8443',
    'https://orders.test@evil.test',
    'data:,x',
    '/orders',
  ])
    await assert.rejects(source.fetch(url), failsWith('wrong_destination'), url)
  assert.equal(asked(), 1)
})

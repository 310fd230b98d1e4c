import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list'
import { SignJWT } from 'jose'
import { createFakeFetch } from '../../test/fake-fetch.ts'
import { audience } from '../../test/fake-keys.ts'
import { startIssuer } from '../../test/start.ts'
import { until } from '../../test/until.ts'
import type { VerifierOptions } from '../verifier/verifier-options.ts'
import { VerifyError } from '../verify-error.ts'

const PATH = '/status-lists/page.targets.seal'
const PLACES = 1024

/** An issuer with one list, made by another implementation, and verifiers that go by it. */
const startLists = async (t: TestContext) => {
  const started = await startIssuer(t)
  const { clock, issuer, verifier } = started
  const uri = issuer.url + PATH
  const stopped = new Map<number, number>()
  let bits: 1 | 2 | 4 | 8 = 2
  let claimsOver: Record<string, unknown> = {}
  let headerOver: Record<string, unknown> = {}
  let answered = 0

  const sign = async (): Promise<string> => {
    const { kid, privateKey } = issuer.keys.pair('ES256')
    const iat = Math.floor(clock.nowMs() / 1000)
    const list = new StatusList(
      Array.from({ length: PLACES }, (_, idx) => stopped.get(idx) ?? 0),
      bits,
    )
    const made = createHeaderAndPayload(
      list,
      { iss: issuer.url, sub: uri, iat, exp: iat + 60, ttl: 15 },
      { alg: 'ES256', typ: 'statuslist+jwt' },
    )
    return new SignJWT({ ...made.payload, ...claimsOver })
      .setProtectedHeader({ ...made.header, alg: 'ES256', kid, ...headerOver })
      .sign(privateKey)
  }
  const serve = (make: () => Promise<string> = sign): void =>
    issuer.misbehave((request, response) => {
      if (request.path !== PATH) return false
      answered += 1
      void make().then((text) => response.writeHead(200, { 'content-type': 'application/statuslist+jwt' }).end(text))
      return true
    })
  serve()

  return {
    ...started,
    uri,
    sign,
    serve,
    stop: (idx: number, status = 1) => stopped.set(idx, status),
    release: (idx: number) => stopped.delete(idx),
    answered: () => answered,
    be: (over: { bits?: 1 | 2 | 4 | 8; claims?: Record<string, unknown>; header?: Record<string, unknown> }) => {
      bits = over.bits ?? 2
      claimsOver = over.claims ?? {}
      headerOver = over.header ?? {}
    },
    issueAt: (idx: number, claims: Record<string, unknown> = {}) =>
      issuer.issue({ claims: { status: { status_list: { idx, uri } }, ...claims } }),
    byLists: (options: Partial<VerifierOptions> = {}) => verifier({ revocation: 'status-list', ...options }),
  }
}

const refusedWith =
  (code: string, status = 401) =>
  (error: unknown) =>
    error instanceof VerifyError && error.code === code && error.status === status

test('each place of a list that another implementation made is read as it was written, whatever its size', async (t) => {
  const { be, byLists, issueAt, release, stop } = await startLists(t)
  for (const bits of [1, 2, 4, 8] as const) {
    be({ bits })
    const highest = 2 ** bits - 1
    for (const [idx, status] of [
      [0, 1],
      [7, highest],
      [8, highest],
      [PLACES - 1, 1],
    ] as const)
      stop(idx, status)
    const it = await byLists()
    for (const idx of [1, 6, 9, 500, PLACES - 2])
      assert.equal((await it.verify(await issueAt(idx))).identity, 'nhi_1', `${bits} bits, place ${idx}`)
    for (const idx of [0, 7, 8, PLACES - 1, PLACES, 2 ** 40])
      await assert.rejects(it.verify(await issueAt(idx)), refusedWith('token_revoked'), `${bits} bits, place ${idx}`)
    for (const idx of [0, 7, 8, PLACES - 1]) release(idx)
  }
})

test('a list is asked for once, whoever comes meanwhile, and again before its time is over', async (t) => {
  const { answered, byLists, clock, issueAt, issuer, stop } = await startLists(t)
  const it = await byLists()
  const tokens = await Promise.all([3, 4, 5, 6].map((idx) => issueAt(idx)))
  const [first = ''] = tokens
  await Promise.all(tokens.map((token) => it.verify(token)))
  assert.equal(answered(), 1)
  assert.equal(issuer.asked('/revocations').length, 0)
  stop(3)
  clock.advance(7_000)
  assert.equal(it.verifySeen(first)?.identity, 'nhi_1')
  assert.equal(answered(), 1)
  clock.advance(1_000)
  // Asked for beside this use, which does not wait for it.
  assert.equal(it.verifySeen(first)?.identity, 'nhi_1')
  await until(() => answered() === 2)
  const isRefused = () => {
    try {
      return it.verifySeen(first) === undefined
    } catch (error) {
      return refusedWith('token_revoked')(error)
    }
  }
  await until(isRefused)
})

test('nobody goes by a list for longer than its time to live: the next use waits for a new one', async (t) => {
  const { byLists, clock, issueAt, release, stop } = await startLists(t)
  const it = await byLists()
  const token = await issueAt(3)
  await it.verify(token)
  stop(3)
  clock.advance(15_000)
  assert.equal(it.verifySeen(token), undefined)
  await assert.rejects(it.verify(token), refusedWith('token_revoked'))
  release(3)
  clock.advance(15_000)
  assert.equal((await it.verify(token)).identity, 'nhi_1')
})

test('while no list comes, strict refuses as soon as the last one is too old, and bestEffort goes on', async (t) => {
  const { byLists, clock, issueAt, issuer, stop } = await startLists(t)
  const strict = await byLists()
  const loose = await byLists({ mode: 'bestEffort' })
  const token = await issueAt(3)
  const revoked = await issueAt(4)
  stop(4)
  for (const it of [strict, loose]) await it.verify(token)
  for (const it of [strict, loose]) await assert.rejects(it.verify(revoked), refusedWith('token_revoked'))
  issuer.failWith(503, PATH)
  clock.advance(29_000)
  for (const it of [strict, loose]) assert.equal((await it.verify(token)).identity, 'nhi_1')
  clock.advance(2_000)
  await assert.rejects(strict.verify(token), refusedWith('view_stale', 503))
  assert.equal((await loose.verify(token)).identity, 'nhi_1')
  // What was known to be stopped stays so.
  clock.advance(600_000)
  await assert.rejects(loose.verify(revoked), refusedWith('token_revoked'))
})

test('an issuer that is down is asked once a second, however many requests come', async (t) => {
  const { byLists, clock, issueAt, issuer } = await startLists(t)
  const it = await byLists()
  issuer.failWith(503, PATH)
  const token = await issueAt(3)
  for (let use = 0; use < 20; use += 1) await assert.rejects(it.verify(token), refusedWith('view_stale', 503))
  assert.equal(issuer.asked(PATH).length, 1)
  clock.advance(1_000)
  await assert.rejects(it.verify(token), refusedWith('view_stale', 503))
  assert.equal(issuer.asked(PATH).length, 2)
})

test('introspection answers for a token whose list cannot be had', async (t) => {
  const { byLists, issueAt, issuer } = await startLists(t)
  issuer.tokens.addSecret('nhi_1', 'secret')
  const it = await byLists({ introspect: { clientId: 'nhi_1', auth: { clientSecret: 'secret' } } })
  issuer.failWith(503, PATH)
  const token = await issueAt(3)
  assert.equal((await it.verify(token)).identity, 'nhi_1')
  assert.equal(issuer.asked('/oauth/introspect').length, 1)
})

test('a token that names no list of the issuer is refused, and nothing is asked anywhere for it', async (t) => {
  const { byLists, issuer, uri } = await startLists(t)
  const strict = await byLists()
  const elsewhere = { status: { status_list: { idx: 3, uri: `https://elsewhere.test${PATH}` } } }
  const inside = { status: { status_list: { idx: 3, uri: `${issuer.url}/revocations` } } }
  for (const claims of [{}, { status: {} }, { status: { other: 1 } }, elsewhere, inside])
    await assert.rejects(strict.verify(await issuer.issue({ claims })), refusedWith('status_missing'))
  const malformed = ['x', { status_list: 'x' }, { status_list: { idx: -1, uri } }, { status_list: { idx: 1.5, uri } }]
  for (const status of [...malformed, { status_list: { uri } }, { status_list: { idx: 3 } }])
    await assert.rejects(strict.verify(await issuer.issue({ claims: { status } })), refusedWith('claim_invalid'))
  assert.deepEqual(
    issuer.requests.map(({ path }) => path),
    ['/.well-known/jwks.json'],
  )
  const loose = await byLists({ mode: 'bestEffort' })
  assert.equal((await loose.verify(await issuer.issue())).identity, 'nhi_1')
})

test('no list is asked for on behalf of a token that is of no use anyway', async (t) => {
  const { answered, byLists, issueAt } = await startLists(t)
  const it = await byLists()
  await assert.rejects(it.verify(await issueAt(3, { aud: 'https://other.test' })), refusedWith('wrong_audience'))
  await assert.rejects(it.verify(await issueAt(3, { iat: 1, exp: 2 })), refusedWith('token_expired'))
  assert.equal(answered(), 0)
})

test('a list that is not what it must be is no list', async (t) => {
  const { be, byLists, clock, issueAt, issuer, sign, serve, uri } = await startLists(t)
  const now = Math.floor(clock.nowMs() / 1000)
  const lst = (bytes: Uint8Array) => deflateSync(bytes).toString('base64url')
  const token = await issueAt(3)
  const refuses = async (name: string) =>
    assert.rejects((await byLists()).verify(token), refusedWith('view_stale', 503), name)
  const wrong: Record<string, Record<string, unknown>> = {
    'another issuer': { iss: 'https://other.test' },
    'another list': { sub: `${uri}x` },
    'no subject': { sub: undefined },
    expired: { iat: now - 100, exp: now - 10 },
    'of a time to come': { iat: now + 100, exp: now + 200 },
    'no end': { exp: undefined },
    'no start': { iat: undefined },
    'an end before its start': { exp: now - 1, iat: now },
    'no time to live': { ttl: 0 },
    'a negative time to live': { ttl: -1 },
    'a time to live in words': { ttl: '15' },
    'no list': { status_list: undefined },
    'three bits': { status_list: { bits: 3, lst: lst(new Uint8Array(9)) } },
    'no bytes': { status_list: { bits: 2 } },
    'bytes that are not compressed': { status_list: { bits: 2, lst: Buffer.alloc(9).toString('base64url') } },
    'bytes cut short': { status_list: { bits: 2, lst: lst(new Uint8Array(99).map((_, at) => at)).slice(0, -8) } },
    'a bomb': { status_list: { bits: 2, lst: lst(new Uint8Array(64_000_000)) } },
    'bytes that are no base64url': { status_list: { bits: 2, lst: '%%%' } },
  }
  for (const [name, claims] of Object.entries(wrong)) {
    be({ claims })
    await refuses(name)
  }
  for (const header of [{ typ: 'at+jwt' }, { typ: 'JWT' }, { typ: undefined }, { kid: 'other' }, { jwk: {} }]) {
    be({ header })
    await refuses(JSON.stringify(header))
  }
  be({})
  serve(async () => (await sign()).slice(0, -4).concat('AAAA'))
  await refuses('another signature')
  serve(() => issueAt(3))
  await refuses('an access token')
  serve(async () => 'x'.repeat(300_000))
  await refuses('more than is read')
  issuer.misbehave((request, response) => {
    if (request.path !== PATH) return false
    response.writeHead(302, { location: `${uri}?other` }).end()
    return true
  })
  await refuses('a redirect')
  serve()
  assert.equal((await (await byLists()).verify(token)).identity, 'nhi_1')
})

test('an empty list has no places', async (t) => {
  const { be, byLists, issueAt } = await startLists(t)
  be({ claims: { status_list: { bits: 2, lst: deflateSync(new Uint8Array(0)).toString('base64url') } } })
  await assert.rejects((await byLists()).verify(await issueAt(0)), refusedWith('token_revoked'))
})

test('a list that is older than the last one is not believed, though something on the way still holds it', async (t) => {
  const { byLists, clock, issueAt, serve, sign, stop } = await startLists(t)
  const it = await byLists()
  const token = await issueAt(3)
  const old = await sign()
  clock.advance(10_000)
  stop(3)
  await assert.rejects(it.verify(token), refusedWith('token_revoked'))
  clock.advance(15_000)
  serve(async () => old)
  await assert.rejects(it.verify(token), refusedWith('token_revoked'))
})

test('an old list that is told as if it were new counts as old from when it was made', async (t) => {
  const { byLists, clock, issueAt, serve, sign } = await startLists(t)
  const it = await byLists()
  const token = await issueAt(3)
  const old = await sign()
  serve(async () => old)
  clock.advance(34_000)
  assert.equal((await it.verify(token)).identity, 'nhi_1')
  clock.advance(2_000)
  await assert.rejects((await byLists()).verify(token), refusedWith('view_stale', 503))
})

test('a status list is no access token', async (t) => {
  const { byLists, sign } = await startLists(t)
  await assert.rejects((await byLists()).verify(await sign()), refusedWith('wrong_type'))
})

test('a verifier by lists shares no feed, and by nothing else is one made', async (t) => {
  const { byLists, issuer, random, clock, verifierNotReady } = await startLists(t)
  const { followFeed } = await import('../feed/feed.ts')
  const { fetch } = createFakeFetch(['nothing'])
  const feed = followFeed({ issuer: issuer.url, fetch, clock, random })
  t.after(() => feed.close())
  await assert.rejects(byLists({ feed }), TypeError)
  // @ts-expect-error: a program without types
  assert.throws(() => verifierNotReady({ audience, revocation: 'none' }), TypeError)
})

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { FakeIssuer } from '../../test/fake-issuer.ts'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import { sha256 } from '../digest.ts'
import { VerifyError } from '../verify-error.ts'
import type { UseReport } from '../wire.ts'
import { createMemoryBuffer } from './report-buffer.ts'

const path = '/v1/observe.use.report'
const confirmPath = '/v1/broker.verifier.confirm'
const reportAs = { token: async () => 'token-of-the-api' }

const sentTo = (issuer: FakeIssuer): UseReport[] => issuer.asked(path).flatMap(({ body }) => JSON.parse(body).reports)

const start = async (t: TestContext) => {
  const { clock, issuer, verifier, random } = await startIssuer(t)
  return { clock, issuer, random, verifier, it: await verifier({ reportAs }) }
}

test('every judged use is reported as the wire says: who, what for, whence, and how it ended', async (t) => {
  const { clock, issuer, it } = await start(t)
  const token = await issuer.issue({ claims: { jti: 'jti-r' } })
  await it.verify(token, { action: 'orders.read', ip: '192.0.2.7' })
  await assert.rejects(it.verify(token, { action: 'orders.delete' }), VerifyError)
  it.verifySeen(token)
  clock.advance(5_000)
  await until(() => sentTo(issuer).length === 3)
  const [allowed, refused, seen] = sentTo(issuer)
  assert.deepEqual(allowed, {
    at: '2026-01-15T00:00:05.000Z',
    token: sha256('jti-r'),
    identity: 'nhi_1',
    credential: 'crd_1',
    instance: 'pod-1',
    issuedAt: Date.parse('2026-01-15T00:00:05.000Z') / 1000,
    audience: 'https://orders.test',
    action: 'orders.read',
    outcome: 'allowed',
    code: null,
    ip: '192.0.2.7',
  })
  assert.deepEqual(
    [refused?.outcome, refused?.code, refused?.action],
    ['refused', 'insufficient_scope', 'orders.delete'],
  )
  assert.deepEqual([seen?.outcome, seen?.action, seen?.ip], ['allowed', null, null])
  assert.equal(issuer.asked(path)[0]?.headers.authorization, 'Bearer token-of-the-api')
})

test('what nobody signed is not reported, as it says nothing about an identity', async (t) => {
  const { issuer, it } = await start(t)
  const token = await issuer.issue()
  await assert.rejects(it.verify(`${token.slice(0, -4)}AAAA`), VerifyError)
  await assert.rejects(it.verify(undefined), VerifyError)
  assert.equal(it.status().reports.held, 0)
})

test('a full batch leaves at once, with no more than 500 reports', async (t) => {
  const { issuer, it } = await start(t)
  const token = await issuer.issue()
  await it.verify(token)
  for (let use = 1; use < 1_200; use += 1) it.verifySeen(token)
  await until(() => it.status().reports.held === 0)
  assert.deepEqual(
    issuer.asked(path).map(({ body }) => JSON.parse(body).reports.length),
    [500, 500, 200],
  )
})

test('a batch is sent again under the same key until it is accepted, and nothing is lost or doubled', async (t) => {
  const { clock, issuer, it } = await start(t)
  const token = await issuer.issue()
  issuer.failWith(503, path)
  await it.verify(token, { action: 'orders.read' })
  for (let round = 1; round <= 3; round += 1) {
    await until(() => {
      clock.advance(1_000)
      return issuer.asked(path).length === round
    })
    await settle()
  }
  await it.verify(token, { action: 'orders.list' })
  issuer.misbehave()
  await until(() => {
    clock.advance(1_000)
    return it.status().reports.held === 0
  })
  const keys = issuer.asked(path).map(({ headers }) => headers['idempotency-key'])
  assert.equal(new Set(keys.slice(0, 4)).size, 1)
  assert.match(String(keys[0]), /^[\w-]{16,128}$/)
  const accepted = issuer
    .asked(path)
    .slice(3)
    .flatMap(({ body }) => JSON.parse(body).reports)
  assert.deepEqual(
    accepted.map(({ action }: UseReport) => action),
    ['orders.read', 'orders.list'],
  )
})

test('reports never delay or fail a verification, whatever the issuer and the token giver do', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const token = await issuer.issue()
  const givers = [
    { token: () => new Promise<string>(() => {}) },
    { token: () => Promise.reject(new Error('no')) },
    {
      token: () => {
        throw new Error('no')
      },
    },
  ]
  for (const giver of givers) {
    const it = await verifier({ reportAs: giver, mode: 'bestEffort' })
    for (let use = 0; use < 600; use += 1) assert.ok(await it.verify(token))
    clock.advance(5_000)
    await settle()
    assert.ok(await it.verify(token))
    assert.ok(it.status().reports.held > 0)
    let isClosed = false
    const closing = it.close().then(() => {
      isClosed = true
    })
    await until(() => {
      clock.advance(500)
      return isClosed
    })
    await closing
  }
})

test('a batch that the issuer calls malformed is given up, counted, and does not hold up the next', async (t) => {
  const { clock, issuer, it } = await start(t)
  const token = await issuer.issue()
  issuer.failWith(400, path)
  await it.verify(token)
  await until(() => {
    clock.advance(1_000)
    return it.status().reports.refusedBatches === 1
  })
  issuer.misbehave()
  await it.verify(token, { action: 'orders.list' })
  await until(() => {
    clock.advance(1_000)
    return it.status().reports.held === 0
  })
  assert.equal(sentTo(issuer).at(-1)?.action, 'orders.list')
})

test('the buffer in memory is bounded: the oldest reports go first, and are counted', async () => {
  const buffer = createMemoryBuffer({ id: () => 'key', reportsMax: 1_000 })
  for (let at = 0; at < 10_000; at += 1) buffer.add({ ...report, action: String(at) })
  assert.ok(buffer.held <= 1_500)
  assert.equal(buffer.held + buffer.dropped, 10_000)
  assert.equal((await buffer.next())?.reports[0]?.action, String(buffer.dropped))
})

const report: UseReport = {
  at: '2026-01-15T00:00:00.000Z',
  token: 't',
  identity: 'nhi_1',
  audience: 'a',
  action: null,
  outcome: 'allowed',
  code: null,
  ip: null,
}

test('closing sends what is held', async (t) => {
  const { issuer, it } = await start(t)
  await it.verify(await issuer.issue())
  await it.close()
  assert.equal(sentTo(issuer).length, 1)
})

test('a token that the issuer does not take is given back, and the reports wait for another one', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const dropped: string[] = []
  const it = await verifier({ reportAs: { token: async () => 'old', drop: (token) => dropped.push(token) } })
  issuer.failWith(401, path)
  await it.verify(await issuer.issue())
  await until(() => {
    clock.advance(1_000)
    return dropped.length > 0
  })
  assert.deepEqual([dropped[0], it.status().reports.held], ['old', 1])
})

test('what was applied of the feed is confirmed at once, and again until the issuer heard it', async (t) => {
  const { clock, issuer, it } = await start(t)
  const confirmed = () => issuer.asked(confirmPath).map(({ body }) => JSON.parse(body).seq)
  await until(() => confirmed().includes(0) && it.status().connected)
  issuer.failWith(500, confirmPath)
  const { seq } = issuer.stop('identity', 'nhi_2')
  await until(() => confirmed().filter((each) => each === seq).length === 1)
  issuer.misbehave()
  await until(() => {
    clock.advance(100)
    return confirmed().filter((each) => each === seq).length === 2
  })
  await settle()
  clock.advance(2_000)
  await settle()
  assert.equal(confirmed().filter((each) => each === seq).length, 2)
})

const wordsOf = (issuer: FakeIssuer): unknown[] => issuer.asked(confirmPath).map(({ body }) => JSON.parse(body))

test('a verifier that hears of another key set asks for it within half a minute, until it has that one, and says which keys it has', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const ids = () => issuer.keys.published().map(({ kid }) => kid)
  issuer.feed.tellKeys('one')
  issuer.keys.nameSet('"one"')
  await verifier({ reportAs })
  const before = { seq: 0, keys: ids() }
  await until(() => wordsOf(issuer).length > 0)
  await until(() => isDeepStrictEqual(wordsOf(issuer).at(-1), before))
  const asked = () => issuer.asked('/.well-known/jwks.json').length
  const askedBefore = asked()
  // Told by one replica, while another one, which is behind, still answers with the old set.
  issuer.feed.tellKeys('two')
  issuer.feed.heartbeat()
  await settle()
  assert.equal(asked(), askedBefore, 'thousands do not ask in the same moment')
  await walk(clock, () => asked() > askedBefore)
  await issuer.keys.rotate('ES256')
  issuer.keys.nameSet('W/"two"')
  await walk(clock, () => isDeepStrictEqual(wordsOf(issuer).at(-1), { seq: 0, keys: ids() }))
  const askedUntil = asked()
  clock.advance(120_000)
  await settle()
  assert.equal(asked(), askedUntil, 'whoever has it asks no more')
})

test('an issuer that tells of no keys is told of none, and a set without a name is asked for once for each that is told of', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  await verifier({ reportAs })
  await until(() => wordsOf(issuer).length === 1)
  assert.deepEqual(wordsOf(issuer), [{ seq: 0 }])
  const asked = () => issuer.asked('/.well-known/jwks.json').length
  const askedBefore = asked()
  issuer.feed.tellKeys('one')
  issuer.feed.heartbeat()
  await walk(clock, () => asked() > askedBefore)
  await until(() => wordsOf(issuer).length > 1)
  const askedUntil = asked()
  clock.advance(120_000)
  await settle()
  assert.equal(asked(), askedUntil)
})

/** Lets more than half of the time pass within which a key set is asked for, and what that brings about, until this is so. */
const walk = async (clock: { advance(ms: number): void }, claim: () => boolean): Promise<void> => {
  for (let halves = 0; !claim() && halves < 10; halves += 1) {
    clock.advance(17_000)
    await settle(200)
  }
  assert.ok(claim(), claim.toString())
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audience } from '../../test/fake-keys.ts'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import { followFeed } from '../feed/feed.ts'
import { createTokenSource } from '../token/token-source.ts'
import { VerifyError } from '../verify-error.ts'
import type { RevocationScope } from '../wire.ts'
import { createVerifier } from './verifier.ts'

const refusedWith = (code: string) => (error: unknown) => error instanceof VerifyError && error.code === code

test('a token of every algorithm that Reeve signs with is verified, and tells who calls', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  for (const alg of ['ES256', 'EdDSA', 'RS256', 'PS256'] as const) {
    const token = await it.verify(await issuer.issue({ alg }))
    assert.deepEqual([token.identity, token.owner, token.tier, token.instance], ['nhi_1', 'team_1', 'medium', 'pod-1'])
    assert.deepEqual(token.scopes, ['orders.read', 'orders.list'])
  }
})

test('a verified token cannot be changed by the handler that got it', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const token = await (await verifier()).verify(await issuer.issue())
  const frozen = [token, token.scopes, token.claims, token.claims.reeve]
  assert.ok(frozen.every((each) => Object.isFrozen(each)))
})

test('each scope of a stop refuses the token with that scope, at once, and a release lets it pass again', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  await until(() => it.status().connected)
  const stops: [RevocationScope, string][] = [
    ['token', 'jti-x'],
    ['credential', 'crd_1'],
    ['instance', 'nhi_1/pod-1'],
    ['identity', 'nhi_1'],
    ['owner', 'team_1'],
    ['issuer', issuer.url],
  ]
  const token = await issuer.issue({ claims: { jti: 'jti-x' } })
  await it.verify(token)
  for (const [scope, id] of stops) {
    const { seq } = issuer.stop(scope, id)
    await until(() => it.status().seq === seq)
    await assert.rejects(
      it.verify(token),
      (error) => refusedWith('token_revoked')(error) && error instanceof VerifyError && error.scope === scope,
    )
    assert.throws(() => it.verifySeen(token), refusedWith('token_revoked'))
    const { seq: released } = issuer.release(scope, id)
    await until(() => it.status().seq === released)
    assert.equal((await it.verify(token)).identity, 'nhi_1')
  }
})

test('a token seen before is judged by time, scope and stop anew, without waiting', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 20 })
  const it = await verifier({ skewSeconds: 0 })
  const token = await issuer.issue()
  assert.equal(it.verifySeen(token), undefined)
  await it.verify(token)
  assert.equal(it.verifySeen(token, { action: 'orders.read' })?.identity, 'nhi_1')
  assert.throws(() => it.verifySeen(token, { action: 'orders.delete' }), refusedWith('insufficient_scope'))
  clock.advance(19_999)
  assert.ok(it.verifySeen(token))
  clock.advance(1)
  assert.throws(() => it.verifySeen(token), refusedWith('token_expired'))
})

test('an action is also the scope that it needs, unless other scopes are named', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const token = await issuer.issue({ claims: { scope: 'orders.read' } })
  await it.verify(token, { action: 'orders.read' })
  await it.verify(token, { action: 'orders.delete', scopes: [] })
  await it.verify(token, { action: 'orders.delete', scopes: ['orders.read'] })
  await assert.rejects(it.verify(token, { action: 'orders.delete' }), (error) => {
    assert.ok(error instanceof VerifyError)
    assert.equal(error.status, 403)
    assert.match(error.wwwAuthenticate, /^Bearer error="insufficient_scope", .*scope="orders.delete"$/)
    return true
  })
})

test('a scope is held as a whole word: a prefix or a join of two is not enough', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const token = await issuer.issue({ claims: { scope: 'orders.read orders.list' } })
  for (const scope of ['orders', 'orders.rea', 'orders.read orders.list', ''])
    await assert.rejects(it.verify(token, { scopes: [scope] }), refusedWith('insufficient_scope'))
})

test('the memory of seen tokens is bounded', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const it = await verifier({ cacheEntriesMax: 10 })
  for (let at = 0; at < 40; at += 1) await it.verify(await issuer.issue())
  assert.ok(it.status().seenTokens <= 10)
  assert.ok(it.status().seenTokens >= 5)
})

test('T6: one verifier never accepts what another issuer signed, even under the same kid', async (t) => {
  const first = await startIssuer(t)
  const second = await startIssuer(t)
  const it = await first.verifier()
  await assert.rejects(
    it.verify(await second.issuer.issue({ claims: { iss: first.issuer.url } })),
    refusedWith('bad_signature'),
  )
  assert.ok(await it.verify(await first.issuer.issue()))
})

test('requests of the first moments wait for the first view instead of being refused', async (t) => {
  const { issuer, verifierNotReady } = await startIssuer(t)
  assert.equal((await verifierNotReady().verify(await issuer.issue())).identity, 'nhi_1')
})

test('V7: strict refuses with 503 once the view is older than the bound, and recovers by itself', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const token = await issuer.issue()
  await it.verify(token)
  await issuer.down()
  clock.advance(29_000)
  assert.ok(await it.verify(token))
  clock.advance(2_000)
  await assert.rejects(it.verify(token), (error) => {
    assert.ok(error instanceof VerifyError)
    assert.deepEqual([error.code, error.status, error.wwwAuthenticate], ['view_stale', 503, 'Bearer'])
    return true
  })
  assert.equal(it.status().isStale, true)
  await issuer.up()
  await until(() => {
    clock.advance(500)
    return !it.status().isStale
  })
  assert.ok(await it.verify(token))
})

test('V7: bestEffort goes on with an old view, and still refuses what it knows to be stopped', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier({ mode: 'bestEffort' })
  await until(() => it.status().connected)
  const { seq } = issuer.stop('identity', 'nhi_2')
  await until(() => it.status().seq === seq)
  await issuer.down()
  clock.advance(3_600_000)
  assert.ok(await it.verify(await issuer.issue()))
  await assert.rejects(
    it.verify(await issuer.issue({ claims: { sub: 'nhi_2', client_id: 'nhi_2' } })),
    refusedWith('token_revoked'),
  )
})

test('with introspection, the issuer is asked when the view is old, and only then', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  issuer.tokens.addSecret('nhi_api', 's3cret')
  const it = await verifier({ introspect: { clientId: 'nhi_api', auth: { clientSecret: 's3cret' } } })
  const good = await issuer.issue()
  const bad = await issuer.issue()
  issuer.tokens.deactivate(bad)
  await it.verify(good)
  assert.equal(issuer.asked('/oauth/introspect').length, 0)
  issuer.failWith(500, '/revocations')
  issuer.feed.dropStreams()
  clock.advance(31_000)
  assert.ok(await it.verify(good, { action: 'orders.read' }))
  await assert.rejects(it.verify(bad), refusedWith('token_inactive'))
  await assert.rejects(it.verify(good, { action: 'orders.delete' }), refusedWith('insufficient_scope'))
  assert.equal(issuer.asked('/oauth/introspect').length, 3)
})

test('with introspection, strict refuses and bestEffort goes on when the issuer cannot be asked', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const introspect = { clientId: 'nhi_api', auth: { clientSecret: 'wrong' } }
  const strict = await verifier({ introspect })
  const bestEffort = await verifier({ introspect, mode: 'bestEffort' })
  issuer.failWith(500)
  issuer.feed.dropStreams()
  clock.advance(31_000)
  const token = await issuer.issue()
  await assert.rejects(strict.verify(token), refusedWith('view_stale'))
  assert.ok(await bestEffort.verify(token))
})

test('T4: a step of the clock back revives no expired token, and one forward and back leaves nothing behind', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 60 })
  const it = await verifier({ mode: 'bestEffort' })
  const old = await issuer.issue()
  await it.verify(old)
  clock.advance(66_000)
  clock.step(-3_600_000)
  await assert.rejects(it.verify(old), refusedWith('token_expired'))
  clock.step(3_600_000)
  const fresh = await issuer.issue()
  for (let round = 0; round < 50; round += 1) {
    clock.step(3_600_000)
    await assert.rejects(it.verify(fresh), refusedWith('token_expired'))
    clock.step(-3_600_000)
    assert.ok(await it.verify(fresh))
  }
})

test('T4: a stop is not forgotten by a step of the clock past its end and back', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  await until(() => it.status().connected)
  const token = await issuer.issue({ claims: { jti: 'jti-y' } })
  const { seq } = issuer.stop('token', 'jti-y', { verb: 'revoke', until: clock.nowMs() / 1000 + 900 })
  await until(() => it.status().seq === seq)
  clock.step(7_200_000)
  clock.advance(61_000)
  issuer.feed.heartbeat()
  await settle()
  clock.step(-7_200_000)
  await until(() => {
    clock.advance(500)
    issuer.feed.heartbeat()
    return !it.status().isStale
  })
  await assert.rejects(it.verify(token), refusedWith('token_revoked'))
})

test('a stop that ends with its token holds for as long as the verifier would accept that token', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t, { lifeSeconds: 100 })
  const it = await verifier({ skewSeconds: 60, mode: 'bestEffort' })
  await until(() => it.status().connected)
  const token = await issuer.issue({ claims: { jti: 'jti-z' } })
  const { seq } = issuer.stop('token', 'jti-z', { until: clock.nowMs() / 1000 + 100 })
  await until(() => it.status().seq === seq)
  for (let second = 0; second < 165; second += 1) {
    clock.advance(1_000)
    await assert.rejects(it.verify(token), VerifyError)
  }
})

test('a closed verifier refuses, and leaves no timer and no stream behind', async (t) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const token = await issuer.issue()
  await it.verify(token)
  await until(() => issuer.feed.streams === 1)
  await it.close()
  await until(() => issuer.feed.streams === 0)
  await assert.rejects(it.verify(token), refusedWith('verifier_closed'))
  assert.equal(clock.timers, 0)
})

test('an abort signal closes the verifier', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const controller = new AbortController()
  const it = await verifier({ signal: controller.signal })
  controller.abort()
  await assert.rejects(it.verify(await issuer.issue()), refusedWith('verifier_closed'))
  await until(() => issuer.feed.streams === 0)
})

test('a configuration that could only ever refuse, or that fetches keys in the clear, is refused at once', () => {
  for (const issuer of [
    '',
    'issuer',
    'https://a.test/',
    'http://a.test',
    'https://u:p@a.test',
    'https://a.test?x',
    'ftp://a.test',
  ])
    assert.throws(() => createVerifier({ issuer, audience }), TypeError, issuer)
  const issuer = 'https://a.test'
  assert.throws(() => createVerifier({ issuer, audience: [] }), TypeError)
  assert.throws(() => createVerifier({ issuer, audience: '' }), TypeError)
  assert.throws(() => createVerifier({ issuer, audience, skewSeconds: 61 }), RangeError)
  assert.throws(() => createVerifier({ issuer, audience, stalenessSecondsMax: Number.NaN }), RangeError)
})

test('what a program without types may get wrong is refused at once, and weakens nothing', () => {
  const issuer = 'https://a.test'
  const wrong: [string, unknown, ErrorConstructor][] = [
    ['mode', 'Strict', TypeError],
    ['mode', 'best-effort', TypeError],
    ['mode', '', TypeError],
    ['skewSeconds', '5', RangeError],
    ['stalenessSecondsMax', '30', RangeError],
    ['lifetimeSecondsMax', '900', RangeError],
  ]
  for (const [name, value, error] of wrong)
    assert.throws(() => Reflect.apply(createVerifier, undefined, [{ issuer, audience, [name]: value }]), error, name)
})

test('a feed of another issuer is refused, for it would be fresh and tell of no stop', async (t) => {
  const one = await startIssuer(t)
  const other = await startIssuer(t)
  const { clock, random } = other
  const feed = followFeed({ issuer: other.issuer.url, fetch: (url, init) => fetch(url, init), clock, random })
  t.after(() => feed.close())
  assert.throws(() => createVerifier({ issuer: one.issuer.url, audience, feed }), /another issuer/)
  const source = { issuer: one.issuer.url, clientId: 'nhi_1', auth: { clientSecret: 'x' }, audience, feed }
  assert.throws(() => createTokenSource(source), /another issuer/)
  const shared = await other.verifier({ feed })
  assert.equal((await shared.verify(await other.issuer.issue())).identity, 'nhi_1')
})

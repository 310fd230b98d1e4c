import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import type { FollowedToken } from './token-holder.ts'
import { createTokenSource } from './token-source.ts'

const path = '/oauth/token'

const startFollowed = async (t: TestContext) => {
  const { clock, issuer, random } = await startIssuer(t, { lifeSeconds: 600 })
  issuer.tokens.addSecret('nhi_1', 'secret')
  const source = createTokenSource({
    issuer: issuer.url,
    clientId: 'nhi_1',
    auth: { clientSecret: 'secret' },
    audience: 'https://orders.test',
    clock,
    random,
  })
  t.after(() => source.close())
  const told: (FollowedToken | undefined)[] = []
  const unfollow = source.follow((now) => told.push(now))
  clock.advance(0)
  await until(() => told.length === 1)
  return { clock, issuer, source, told, unfollow, asked: () => issuer.asked(path).length }
}

test('who follows is told of a token without asking for one, and of the next at half its life, used or not', async (t) => {
  const { clock, told, asked } = await startFollowed(t)
  assert.equal(told[0]?.expiresInSeconds, 600)
  for (const count of [2, 3, 4]) {
    clock.advance(330_000)
    await until(() => told.length === count)
  }
  assert.equal(asked(), 4)
  assert.equal(new Set(told.map((each) => each?.token)).size, 4)
})

test('A10: who follows is told that there is none when the life is over in an outage, not before, and of the first one after', async (t) => {
  const { clock, issuer, told } = await startFollowed(t)
  issuer.failWith(503, path)
  clock.advance(599_999)
  await settle()
  assert.equal(told.length, 1)
  clock.advance(1)
  await settle()
  assert.deepEqual(told.slice(1), [undefined])
  issuer.misbehave()
  for (let second = 0; second < 60 && told.length < 3; second += 1) {
    clock.advance(1_000)
    await settle()
  }
  assert.equal(typeof told[2]?.token, 'string')
})

test('who follows is told at once that the token was dropped, and of the one that comes instead', async (t) => {
  const { clock, source, told } = await startFollowed(t)
  source.drop(told[0]?.token ?? '')
  assert.deepEqual(told.slice(1), [undefined])
  clock.advance(2_000)
  await until(() => told.length === 3)
  assert.notEqual(told[2]?.token, told[0]?.token)
})

test('once nobody follows, the token is renewed no more and no timer is left for its end', async (t) => {
  const { clock, told, unfollow, asked, source } = await startFollowed(t)
  unfollow()
  clock.advance(330_000)
  await settle()
  clock.advance(600_000)
  await settle()
  assert.equal(asked(), 1)
  assert.equal(told.length, 1)
  source.close()
  assert.equal(clock.timers, 0)
})

test('a follower that fails keeps nobody else from being told, and its failure is not lost', async (t) => {
  const { clock, source, told } = await startFollowed(t)
  const failing = source.follow((now) => {
    if (now === undefined) throw new Error('its own')
  })
  const later: unknown[] = []
  source.follow((now) => later.push(now))
  source.drop(told[0]?.token ?? '')
  assert.equal(told.at(-1), undefined)
  assert.equal(later.at(-1), undefined)
  assert.equal(later.length, 2)
  assert.throws(() => clock.advance(0), /its own/)
  failing()
})

test('a token that a follower will not take is asked for anew in a moment, not at half its life', async (t) => {
  const { clock, source, told, asked } = await startFollowed(t)
  source.follow((now) => {
    if (now !== undefined && asked() < 3) source.drop(now.token)
  })
  const from = clock.monotonicMs()
  while (asked() < 3 || told.at(-1) === undefined) {
    clock.advance(500)
    await settle()
    assert.ok(clock.monotonicMs() - from < 200_000, 'asked only at half of its life')
  }
})

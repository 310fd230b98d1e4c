import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startIssuer } from '../../test/start.ts'
import { until } from '../../test/until.ts'
import type { Fetch } from '../bounded-fetch.ts'
import { VerifyError } from '../verify-error.ts'
import { shareFeed } from './shared-feed.ts'

test('verifiers of a process share one stream, each hears of a stop, and it ends with the last of them', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const fetch: Fetch = (url, init) => globalThis.fetch(url, init)
  const many = await Promise.all(Array.from({ length: 5 }, () => verifier({ fetch })))
  await until(() => many.every((it) => it.status().connected))
  assert.equal(issuer.feed.streams, 1)
  await many[0]?.close()
  await many[0]?.close()
  assert.equal(issuer.feed.streams, 1, 'closed by one, followed by the others')
  const token = await issuer.issue({ claims: { jti: 'jti-x' } })
  const { seq } = issuer.stop('token', 'jti-x')
  await until(() => many.slice(1).every((it) => it.status().seq === seq))
  for (const it of many.slice(1)) await assert.rejects(it.verify(token), VerifyError)
  for (const it of many.slice(1)) await it.close()
  await until(() => issuer.feed.streams === 0)
})

test('another way to the issuer, or another issuer, is another feed', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const ways = await Promise.all(
    [0, 1].map(() => verifier({ fetch: (url: string, init: RequestInit) => globalThis.fetch(url, init) })),
  )
  await until(() => ways.every((it) => it.status().connected))
  assert.equal(issuer.feed.streams, 2)
})

test('who closes a shared feed is told nothing more', async (t) => {
  const { issuer, clock, random } = await startIssuer(t)
  const fetch: Fetch = (url, init) => globalThis.fetch(url, init)
  const given = { issuer: issuer.url, fetch, clock, random }
  const [one, other] = [shareFeed(given), shareFeed(given)]
  t.after(() => other.close())
  await one.ready()
  let heard = 0
  one.onChange(() => {
    heard += 1
  })
  one.close()
  const before = other.view.seq
  issuer.stop('identity', 'nhi_1')
  await until(() => other.view.seq !== before)
  assert.equal(heard, 0)
})

test('who waits for a shared feed that they close is told so, whoever else waits on', async (t) => {
  const { issuer, clock, random } = await startIssuer(t)
  const given = { issuer: issuer.url, fetch: () => new Promise<never>(() => {}), clock, random }
  const [one, other] = [shareFeed(given), shareFeed(given)]
  t.after(() => other.close())
  const waiting = one.ready()
  one.close()
  await assert.rejects(waiting, /closed/)
  assert.equal(await Promise.race([other.ready().then(() => 'ready'), Promise.resolve('waits')]), 'waits')
})

test('what one who shares a feed throws when it is told keeps nobody else from being told', async (t) => {
  const { issuer, clock, random } = await startIssuer(t)
  const fetch: Fetch = (url, init) => globalThis.fetch(url, init)
  const given = { issuer: issuer.url, fetch, clock, random }
  const [one, other] = [shareFeed(given), shareFeed(given)]
  t.after(() => [one, other].map((each) => each.close()))
  await other.ready()
  const thrown: unknown[] = []
  t.mock.method(globalThis, 'queueMicrotask', (throws: () => void) => {
    try {
      throws()
    } catch (error) {
      thrown.push(error)
    }
  })
  one.onChange(() => {
    throw new Error('of one')
  })
  let heard = 0
  other.onChange(() => {
    heard += 1
  })
  issuer.stop('identity', 'nhi_1')
  await until(() => thrown.length > 0)
  assert.deepEqual([heard, thrown.length], [1, 1])
})

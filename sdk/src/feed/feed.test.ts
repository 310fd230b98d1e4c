import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startIssuer } from '../../test/start.ts'
import { settle, until } from '../../test/until.ts'
import { revocationTarget } from '../revocation-target.ts'
import { followFeed, pollFeed } from './feed.ts'

const path = '/revocations'
const identity = [{ scope: 'identity', target: revocationTarget('identity', 'nhi_1') } as const]

const follow = async (t: TestContext, options: { stoppedMax?: number } = {}) => {
  const { clock, issuer, random } = await startIssuer(t)
  const start = () => {
    const feed = followFeed({ issuer: issuer.url, fetch: (url, init) => fetch(url, init), clock, random, ...options })
    t.after(() => feed.close())
    return feed
  }
  const streams = () => issuer.asked(path).filter(({ headers }) => headers.accept === 'text/event-stream')
  const polls = () => issuer.asked(path).filter(({ headers }) => headers.accept === 'application/json')
  return { clock, issuer, random, start, streams, polls }
}

test('a stop that was in force before the follower came is known with the first view', async (t) => {
  const { issuer, start } = await follow(t)
  issuer.stop('identity', 'nhi_1')
  const feed = start()
  await feed.ready()
  assert.equal(feed.view.stoppedScope(identity), 'identity')
})

test('while the stream speaks, nothing is polled and the view stays young', async (t) => {
  const { clock, issuer, start, polls } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  const before = polls().length
  for (let second = 0; second < 120; second += 2) {
    clock.advance(2_000)
    issuer.feed.heartbeat()
    await until(() => feed.view.ageSeconds() === 0)
  }
  assert.equal(polls().length, before)
})

test('V2: a change that the stream lost is found by the next change, 100 times of 100', async (t) => {
  const { issuer, start } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  for (let round = 0; round < 100; round += 1) {
    issuer.feed.lose(1 + (round % 3))
    for (let lost = 0; lost <= round % 3; lost += 1) issuer.stop('token', `lost-${round}-${lost}`)
    const { seq } = issuer.stop('token', `told-${round}`)
    await until(() => feed.view.seq === seq)
    for (let lost = 0; lost <= round % 3; lost += 1) {
      const target = revocationTarget('token', `lost-${round}-${lost}`)
      assert.equal(feed.view.stoppedScope([{ scope: 'token', target }]), 'token')
    }
  }
})

test('an answer that was on its way before a gap was heard of does not pass for one that closes it', async (t) => {
  const { clock, issuer, start } = await follow(t)
  issuer.feed.offerStream(false)
  const feed = start()
  await feed.ready()
  await settle()
  issuer.feed.offerStream(true)
  clock.advance(500)
  await until(() => feed.isConnected)
  let answerLate = () => {}
  issuer.misbehave((request, response) => {
    if (request.headers.accept !== 'application/json') return false
    answerLate = () => response.end(JSON.stringify({ seq: 0, snapshot: false, entries: [] }))
    return true
  })
  clock.advance(5_000)
  await settle()
  issuer.misbehave()
  issuer.feed.lose()
  const { seq } = issuer.stop('identity', 'nhi_1')
  issuer.feed.heartbeat()
  await settle()
  assert.equal(feed.view.seq, 0)
  answerLate()
  await until(() => feed.view.seq === seq)
})

test('V2: a change that the stream lost is found by the next heartbeat, which counts as fresh only afterwards', async (t) => {
  const { clock, issuer, start } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  issuer.feed.lose()
  const { seq } = issuer.stop('identity', 'nhi_1')
  issuer.failWith(500, path)
  clock.advance(2_000)
  const asked = issuer.asked(path).length
  issuer.feed.heartbeat()
  await until(() => issuer.asked(path).length > asked)
  await settle()
  assert.equal(feed.view.ageSeconds(), 2)
  issuer.misbehave()
  issuer.feed.heartbeat()
  await until(() => feed.view.seq === seq)
  assert.equal(feed.view.stoppedScope(identity), 'identity')
})

test('a dropped stream is taken up again from where it was, and what happened between is not missed', async (t) => {
  const { clock, issuer, start, streams } = await follow(t)
  issuer.stop('token', 'before')
  const feed = start()
  await until(() => feed.isConnected)
  issuer.feed.dropStreams()
  await until(() => !feed.isConnected)
  const { seq } = issuer.stop('identity', 'nhi_1')
  clock.advance(500)
  await until(() => feed.view.seq === seq && feed.isConnected)
  assert.equal(streams().at(-1)?.query.get('since'), '1')
  assert.equal(feed.view.stopped, 2)
})

test('a follower whose place is too old is given everything, and forgets what is no longer in force', async (t) => {
  const { clock, issuer, start } = await follow(t)
  issuer.stop('identity', 'nhi_1')
  const feed = start()
  await until(() => feed.isConnected)
  issuer.feed.offerStream(false)
  issuer.feed.dropStreams()
  issuer.release('identity', 'nhi_1')
  const { seq } = issuer.stop('identity', 'nhi_2')
  issuer.feed.forgetBefore(seq)
  await until(() => {
    clock.advance(500)
    return feed.view.seq === seq
  })
  assert.equal(feed.view.stoppedScope(identity), undefined)
  assert.equal(feed.view.stopped, 1)
})

test('without a stream, polling every few seconds keeps the view fresh and finds a stop', async (t) => {
  const { clock, issuer, start, polls } = await follow(t)
  issuer.feed.offerStream(false)
  const feed = start()
  await feed.ready()
  await settle()
  const { seq } = issuer.stop('identity', 'nhi_1')
  const before = polls().length
  clock.advance(4_000)
  await until(() => feed.view.seq === seq)
  assert.equal(polls().length, before + 1)
  assert.equal(feed.isConnected, false)
})

test('a stream that opens and then says nothing is given up, while polling goes on', async (t) => {
  const { clock, start, streams } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  const before = streams().length
  for (let second = 0; second < 12; second += 1) {
    clock.advance(1_000)
    await settle(5)
  }
  await until(() => streams().length > before)
  assert.ok((feed.view.ageSeconds() ?? 99) < 6)
})

test('an issuer that answers nothing makes the view grow old, by a clock that no step of the host moves', async (t) => {
  const { clock, issuer, start } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  issuer.pause()
  clock.step(-3_600_000)
  clock.advance(20_000)
  clock.step(7_200_000)
  await settle()
  assert.equal(feed.view.ageSeconds(), 20)
  issuer.resume()
})

test('the age of an answer counts from when it was asked for, not from when it came', async (t) => {
  const { clock, issuer, random } = await follow(t)
  issuer.pause()
  const feed = pollFeed({ issuer: issuer.url, fetch: (url, init) => fetch(url, init), clock, random })
  t.after(() => feed.close())
  await until(() => issuer.asked(path).length === 1)
  clock.advance(4_000)
  issuer.resume()
  await feed.ready()
  assert.equal(feed.view.ageSeconds(), 4)
})

test('an issuer that fell behind is not believed at once, and even then lifts no stop', async (t) => {
  const { clock, issuer, start } = await follow(t)
  issuer.stop('token', 'a')
  issuer.stop('identity', 'nhi_1')
  const feed = start()
  await until(() => feed.isConnected)
  issuer.feed.restore(1)
  clock.advance(2_000)
  issuer.feed.heartbeat()
  await settle()
  assert.equal(feed.view.seq, 2)
  assert.ok((feed.view.ageSeconds() ?? 0) >= 2)
  await until(() => {
    clock.advance(500)
    return feed.view.seq === 1
  })
  assert.equal(feed.view.stoppedScope(identity), 'identity')
  const { seq } = issuer.stop('token', 'b')
  await until(() => {
    clock.advance(100)
    return feed.view.seq === seq && feed.isConnected
  })
  issuer.feed.heartbeat()
  await until(() => feed.view.ageSeconds() === 0)
  assert.equal(feed.view.stopped, 3)
})

test('more stops than can be held are never called a fresh view', async (t) => {
  const { clock, issuer, start } = await follow(t, { stoppedMax: 3 })
  for (let at = 0; at < 4; at += 1) issuer.stop('token', `t-${at}`)
  const feed = start()
  await feed.ready()
  assert.equal(feed.view.ageSeconds(), undefined)
  assert.equal(feed.view.stopped, 3)
  issuer.release('token', 't-0')
  await until(() => {
    clock.advance(500)
    return feed.view.ageSeconds() !== undefined
  })
  assert.equal(feed.view.stopped, 3)
})

test('a malformed event, page or content type is not applied, and the follower lives on', async (t) => {
  const { clock, issuer, start } = await follow(t)
  const feed = start()
  await until(() => feed.isConnected)
  const bad = [
    'event: change\ndata: {"seq":1}\n\n',
    'event: change\ndata: {\n\n',
    'event: heartbeat\ndata: null\n\n',
    'event: snapshot\ndata: {"seq":-1,"snapshot":true,"entries":[]}\n\n',
    'event: change\ndata: {"seq":1,"verb":"stop","target":"x","until":null}\n\n',
  ]
  for (const text of bad) {
    issuer.feed.send(text)
    await until(() => !feed.isConnected, text)
    await until(() => {
      clock.advance(500)
      return feed.isConnected
    }, text)
  }
  issuer.feed.send('event: unknown\ndata: x\n\n: a comment\n\n')
  const { seq } = issuer.stop('identity', 'nhi_1')
  await until(() => feed.view.seq === seq)
})

test('reconnections are spread out and slow down while the issuer is away', async (t) => {
  const { clock, issuer, start, streams } = await follow(t)
  issuer.failWith(503, path)
  start()
  await until(() => streams().length === 1)
  for (let second = 0; second < 100; second += 1) {
    clock.advance(1_000)
    await settle(10)
  }
  assert.ok(streams().length < 25, String(streams().length))
  assert.ok(streams().length > 8, String(streams().length))
})

test('closing ends the wait for the first view, and leaves no timer', async (t) => {
  const { clock, issuer, start } = await follow(t)
  issuer.pause()
  const feed = start()
  const ready = assert.rejects(feed.ready())
  feed.close()
  await ready
  await settle()
  assert.equal(clock.timers, 0)
  issuer.resume()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../../test/clock.ts'
import type { LeavePlace } from '../../kit/place.ts'
import { createTurnstile } from './turnstile.ts'

// L6 of the trust bars.

const OPEN = { isGone: () => false, mayPass: () => false }

/** A turnstile before work of which so much is done in a millisecond, all of it at once every millisecond. */
const open = () => {
  const clock = testClock()
  const turnstile = createTurnstile(clock)
  const inWork: LeavePlace[] = []
  const done = { begun: [] as string[], sentAway: [] as string[] }
  const come = (name: string, ip = '192.0.2.1', more = {}): void =>
    void turnstile.enter({
      ...{ ip, ...OPEN, ...more },
      begin: (leave) => {
        done.begun.push(name)
        inWork.push(leave)
      },
      sendAway: () => done.sentAway.push(name),
    })
  /** So many come at once; gives how many of them were sent away at once. */
  const ask = (count: number, ip?: string): number => {
    const before = done.sentAway.length
    for (let at = 0; at < count; at++) come(`${at}`, ip)
    return done.sentAway.length - before
  }
  const answer = (count: number, tookMs: number): void => {
    clock.advance(tookMs)
    for (const leave of inWork.splice(0, count)) leave()
  }
  /** More come than are answered, until some are sent away. */
  const crowd = (tookMs = 10): void => {
    for (let at = 0; at < 1_000 && done.sentAway.length === 0; at++) {
      ask(200)
      answer(8, tookMs)
    }
    assert.ok(done.sentAway.length > 0)
    // Those who came before it was crowded are answered.
    while (turnstile.counts().inWork > 32) answer(8, tookMs)
  }
  return { clock, turnstile, inWork, done, come, ask, answer, crowd }
}

test('a thousand who come at once after a calm time are all let in, 256 at a time and in their order', () => {
  const { turnstile, inWork, done, ask, answer } = open()
  assert.equal(ask(1_000), 0)
  assert.equal(inWork.length, 256)
  while (inWork.length > 0) answer(8, 2)
  assert.deepEqual(
    done.begun,
    Array.from({ length: 1_000 }, (_, at) => `${at}`),
  )
  assert.deepEqual(turnstile.counts(), { inWork: 0, waiting: 0, sentAway: 0 })
})

test('256 at a time are let in for ever, however long they take', () => {
  const { done, ask, answer } = open()
  for (let at = 0; at < 200; at++) {
    ask(256)
    answer(256, 200)
  }
  assert.deepEqual(done.sentAway, [])
})

test('a line that does not get shorter is cut: 32 are in work, 8 wait, and the rest are sent away', () => {
  const { turnstile, ask, answer, crowd } = open()
  crowd()
  for (let at = 0; at < 50; at++) {
    ask(200)
    assert.equal(turnstile.counts().waiting, 8)
    assert.ok(turnstile.counts().inWork <= 32)
    answer(8, 10)
  }
})

test('where it is crowded whoever has waited longest gives way, so that nobody who comes anew is kept out by those who are here', () => {
  const { done, come, crowd } = open()
  crowd()
  done.sentAway.length = 0
  for (let at = 0; at < 9; at++) come(`first ${at}`)
  for (let at = 0; at < 3; at++) come(`then ${at}`)
  assert.deepEqual(done.sentAway.slice(-3), ['first 1', 'first 2', 'first 3'])
})

test('what a calm server carries it carries again after a rush, though those who were sent away come back', () => {
  const { clock, turnstile, inWork, answer, crowd } = open()
  crowd()
  // Of 200 connections each asks again once it was answered, and in two seconds when it was sent away.
  const dueMs = Array.from({ length: 200 }, () => 0)
  let awayAtMs = 0
  const ask = (at: number): void => {
    dueMs[at] = Number.POSITIVE_INFINITY
    turnstile.enter({
      ...{ ip: '192.0.2.1', ...OPEN },
      begin: (leave) => {
        inWork.push(() => {
          leave()
          dueMs[at] = clock.monotonicMs()
        })
      },
      sendAway: () => {
        awayAtMs = clock.monotonicMs()
        dueMs[at] = awayAtMs + 2_000
      },
    })
  }
  for (let ms = 0; ms < 20_000; ms++) {
    for (const [at, due] of dueMs.entries()) if (due <= clock.monotonicMs()) ask(at)
    answer(8, 1)
  }
  assert.ok(clock.monotonicMs() - awayAtMs > 10_000, `one was sent away ${clock.monotonicMs() - awayAtMs} ms ago`)
})

test('where many in work are no slower than few, more are let in, and where they are, fewer', () => {
  const { turnstile, ask, answer, crowd } = open()
  // A disk that takes 20 ms, for however many.
  for (let at = 0; at < 50; at++) {
    ask(4)
    answer(4, 20)
  }
  crowd(20)
  const inWorkAfter = (tookMs: number): number => {
    for (let at = 0; at < 400; at++) {
      ask(300)
      answer(turnstile.counts().inWork, tookMs)
    }
    ask(300)
    return turnstile.counts().inWork
  }
  const many = inWorkAfter(20)
  assert.ok(many > 150, `${many} in work`)
  assert.equal(inWorkAfter(100), 32)
})

test('whoever waited for a second, because the process stood still, is sent away', () => {
  const { clock, turnstile, done, ask } = open()
  ask(266)
  clock.advance(1_001)
  turnstile.look()
  assert.equal(done.sentAway.length, 10)
  assert.deepEqual(turnstile.counts(), { inWork: 256, waiting: 0, sentAway: 10 })
})

test('whoever waits elsewhere gives its place to the next one at once, and says nothing of how long work takes', () => {
  const { clock, turnstile, done, inWork, ask, come } = open()
  ask(300)
  const elsewhere = inWork.splice(0)
  for (const leave of elsewhere) leave(true)
  assert.deepEqual(turnstile.counts(), { inWork: 44, waiting: 0, sentAway: 0 })
  come('then')
  assert.equal(done.begun.at(-1), 'then')
  clock.advance(5_000)
  for (const leave of elsewhere) leave()
  for (const leave of inWork.splice(0)) leave()
  assert.equal(turnstile.counts().inWork, 0)
})

test('on a slow machine whoever takes long keeps its place; what never ends does not, and nothing is counted twice', () => {
  const { clock, turnstile, done, inWork, ask, come } = open()
  ask(256)
  const stuck = inWork.splice(0)
  clock.advance(4_000)
  turnstile.look()
  assert.equal(turnstile.counts().inWork, 256)
  clock.advance(2_000)
  turnstile.look()
  assert.equal(turnstile.counts().inWork, 0)
  come('then')
  assert.equal(done.begun.at(-1), 'then')
  for (const leave of stuck) leave()
  assert.equal(turnstile.counts().inWork, 1)
})

test('a burst is let in as a whole, though everybody was sent away who waited at another time', () => {
  const { clock, turnstile, inWork, done, ask, answer } = open()
  ask(266)
  answer(1, 30)
  clock.advance(1_001)
  turnstile.look()
  assert.equal(done.sentAway.length, 9)
  answer(256, 0)
  clock.advance(60_000)
  assert.equal(ask(1_000), 0)
  answer(8, 30)
  while (inWork.length > 0) answer(8, 2)
  assert.equal(done.sentAway.length, 9)
})

test('of one who is gone nothing is begun, and no place is lost', () => {
  const { turnstile, done, ask, answer, come } = open()
  ask(256)
  come('gone', '192.0.2.1', { isGone: () => true })
  come('here')
  answer(1, 1)
  assert.deepEqual(done.begun.slice(-1), ['here'])
  answer(256, 1)
  assert.deepEqual(turnstile.counts(), { inWork: 0, waiting: 0, sentAway: 0 })
})

test('whoever comes alone waits behind no crowd from elsewhere, and does not give way to it', () => {
  const calm = open()
  calm.ask(600)
  calm.come('alone', '198.51.100.1')
  calm.answer(2, 1)
  assert.ok(calm.done.begun.slice(-2).includes('alone'))
  const crowded = open()
  crowded.crowd()
  crowded.ask(8)
  crowded.come('alone', '198.51.100.1')
  crowded.ask(500)
  assert.ok(!crowded.done.sentAway.includes('alone'))
})

test('an IPv6 network is one place, whatever its addresses', () => {
  const { done, come, ask, crowd } = open()
  crowd()
  ask(7)
  for (let at = 0; at < 200; at++) come(`of many ${at}`, `2001:db8::${at.toString(16)}`)
  const here = done.sentAway.filter((name) => name.startsWith('of many')).length
  assert.ok(here >= 192, `${here} of 200 were sent away`)
})

test('whoever may pass is let in at once, behind nobody', () => {
  const { turnstile, done, ask, come, crowd } = open()
  crowd()
  ask(500)
  const before = turnstile.counts().inWork
  come('passes', '192.0.2.1', { mayPass: () => true })
  assert.equal(done.begun.at(-1), 'passes')
  assert.equal(turnstile.counts().inWork, before + 1)
})

test('a thousand that are answered the moment they are let in are not one call deeper each', () => {
  const { turnstile, inWork, ask } = open()
  let answered = 0
  let depth = 0
  ask(256)
  for (let at = 0; at < 1_000; at++)
    turnstile.enter({
      ...{ ip: '192.0.2.1', ...OPEN, sendAway: () => assert.fail('sent away') },
      begin: (leave) => {
        answered += 1
        depth += 1
        assert.equal(depth, 1)
        leave()
        depth -= 1
      },
    })
  inWork[0]?.()
  assert.equal(answered, 1_000)
})

test('who leaves twice leaves once', () => {
  const { turnstile, inWork, ask } = open()
  ask(2)
  inWork[0]?.()
  inWork[0]?.()
  assert.equal(turnstile.counts().inWork, 1)
})

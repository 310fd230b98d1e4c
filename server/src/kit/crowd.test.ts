import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../test/clock.ts'
import { createCrowd } from './crowd.ts'

// L6 of the trust bars.

const open = (msEach: number) => {
  const clock = testClock()
  const crowd = createCrowd(clock)
  const commit = (count: number): void => {
    clock.advance(count * msEach)
    crowd.went(count)
  }
  /** So many ask in one moment; gives how many were let in. */
  const ask = (count: number): number => {
    let entered = 0
    for (let at = 0; at < count; at++) {
      if (crowd.isFull()) continue
      crowd.came()
      entered += 1
    }
    return entered
  }
  // Of commits as long as these.
  for (let at = 0; at < 50; at++) {
    assert.equal(ask(16), 16)
    commit(16)
  }
  /** More come than are committed, until the burst is done. */
  const overload = (): void => {
    for (let waiting = ask(4_000); waiting > 0; ) {
      const batch = Math.min(waiting, 64)
      commit(batch)
      waiting -= batch
      if (waiting >= 64) assert.equal(ask(10), 0)
    }
  }
  return { clock, ask, commit, overload }
}

test('a thousand who come at once after a calm time are all let in, on a slow machine as well', () => {
  for (const msEach of [0.1, 1, 20]) assert.equal(open(msEach).ask(1_000), 1_000)
})

test('256 at a time are let in for ever, however slowly they are committed', () => {
  const { ask, commit } = open(1)
  for (let at = 0; at < 400; at++) {
    assert.equal(ask(256), 256)
    commit(256)
  }
})

test('where more come than are committed, those who are let in wait as in a calm time, and the rest are sent away at once', () => {
  const { ask, commit, overload } = open(1)
  overload()
  for (let at = 0; at < 200; at++) {
    assert.equal(ask(500), 16)
    commit(16)
  }
})

test('the faster they are committed, the more may wait', () => {
  const { ask, overload } = open(0.1)
  overload()
  const entered = ask(500)
  assert.ok(entered >= 50 && entered < 100, `${entered} entered`)
})

test('once nobody was sent away for a while, it is calm again, and after some more a burst is taken', () => {
  const { clock, ask, commit, overload } = open(1)
  overload()
  assert.equal(ask(500), 16)
  commit(16)
  clock.advance(1_000)
  const entered = ask(500)
  assert.ok(entered >= 64 && entered < 500, `${entered} entered`)
  commit(entered)
  clock.advance(15_000)
  assert.equal(ask(1_000), 1_000)
})

test('what is carried in a calm time is carried again after a rush, though those who were sent away come back at once', () => {
  const { clock, ask, commit, overload } = open(0.2)
  overload()
  // Three quarters of what can be committed, many at a time.
  let entered = 0
  for (let at = 0; at < 500; at++) {
    entered = ask(150)
    if (entered > 0) commit(entered)
    clock.advance(40 - entered * 0.2)
  }
  assert.equal(entered, 150)
})

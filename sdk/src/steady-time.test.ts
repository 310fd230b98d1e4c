import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../test/fake-clock.ts'
import { createSteadyTime } from './steady-time.ts'

const startSeconds = Date.UTC(2026, 0, 15) / 1000 + 5

test('T4: time goes on as it passes, never back, whatever is done to the host clock', () => {
  const clock = createFakeClock()
  const time = createSteadyTime(clock)
  let last = time.nowSeconds()
  for (const stepMs of [-3_600_000, -1, -86_400_000, -500]) {
    clock.step(stepMs)
    assert.ok(time.nowSeconds() >= last)
    last = time.nowSeconds()
    clock.advance(1_000)
    assert.equal(time.nowSeconds(), last + 1)
  }
})

test('T4: a step forward is followed at once, so that nothing lives too long, and leaves nothing when it is taken back', () => {
  const clock = createFakeClock()
  const time = createSteadyTime(clock)
  clock.step(3_600_000)
  assert.equal(time.nowSeconds(), startSeconds + 3_600)
  assert.equal(time.earliestSeconds(), startSeconds)
  clock.step(-3_600_000)
  assert.equal(time.nowSeconds(), startSeconds)
})

test('a correction that lasts ten minutes is believed', () => {
  const clock = createFakeClock()
  const time = createSteadyTime(clock)
  clock.step(-3_600_000)
  assert.equal(time.nowSeconds(), startSeconds)
  clock.advance(599_000)
  assert.equal(time.nowSeconds(), startSeconds + 599)
  clock.advance(1_000)
  assert.equal(time.nowSeconds(), startSeconds + 600 - 3_600)
})

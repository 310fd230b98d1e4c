import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../test/clock.ts'
import { createLimiter } from './limiter.ts'

test('what is over the limit is told how long to wait, and may go on after that', () => {
  const clock = testClock()
  const limiter = createLimiter(clock, 60)
  for (let at = 0; at < 60; at++) assert.equal(limiter.take('a'), undefined)
  assert.equal(limiter.take('a'), 1)
  assert.equal(limiter.take('b'), undefined)
  clock.advance(1000)
  assert.equal(limiter.take('a'), undefined)
  assert.equal(limiter.take('a'), 1)
})

test('a flood of keys is bounded in memory and does not lift the limit of the newest', () => {
  const limiter = createLimiter(testClock(), 1, 100)
  for (let at = 0; at < 10_000; at++) limiter.take(`key ${at}`)
  assert.equal(limiter.take('key 9999'), 60)
})

test('a step of the wall clock does not fill a bucket', () => {
  const clock = testClock()
  const limiter = createLimiter(clock, 1)
  limiter.take('a')
  clock.step(3_600_000)
  assert.equal(limiter.take('a'), 60)
})

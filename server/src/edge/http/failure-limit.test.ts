import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../../test/clock.ts'
import { createFailureLimit } from './failure-limit.ts'

test('who fails too often waits as long as it says, others do not, and stepping the clock changes nothing', () => {
  const clock = testClock()
  const limit = createFailureLimit(6, clock.monotonicMs)
  for (let at = 0; at < 6; at++) {
    assert.equal(limit.waitSeconds('a'), 0)
    limit.failed('a')
  }
  assert.equal(limit.waitSeconds('a'), 10)
  assert.equal(limit.waitSeconds('b'), 0)
  clock.step(3_600_000)
  assert.equal(limit.waitSeconds('a'), 10)
  clock.advance(9_000)
  assert.equal(limit.waitSeconds('a'), 1)
  clock.advance(1_000)
  assert.equal(limit.waitSeconds('a'), 0)
})

test('a flood of addresses is held in bounded memory, and who fails now is remembered', () => {
  const limit = createFailureLimit(1, () => 0)
  for (let at = 0; at < 50_000; at++) limit.failed(`address-${at}`)
  assert.ok(limit.waitSeconds('address-49999') > 0)
  assert.equal(limit.waitSeconds('address-0'), 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '../../../test/clock.ts'
import { createFailureLimit } from './failure-limit.ts'

const times = (count: number, act: (at: number) => number): number[] =>
  Array.from({ length: count }, (_, at) => act(at))
const told = (waits: readonly number[]): number => waits.filter((wait) => wait === 0).length

test('failures at one claim are told a tenth of the limit, and say how long to wait; stepping the clock changes nothing', () => {
  const clock = testClock()
  const limit = createFailureLimit(60, clock.monotonicMs)
  assert.equal(told(times(6, () => limit.failed('a', 'nhi_1'))), 6)
  assert.equal(limit.failed('a', 'nhi_1'), 10)
  clock.step(3_600_000)
  assert.equal(limit.failed('a', 'nhi_1'), 10)
  clock.advance(9_000)
  assert.equal(limit.failed('a', 'nhi_1'), 1)
  clock.advance(1_000)
  assert.equal(limit.failed('a', 'nhi_1'), 0)
})

test('failures at one claim leave those at others, and those of other addresses, to be told', () => {
  const limit = createFailureLimit(60, () => 0)
  times(1_000, () => limit.failed('a', 'nhi_1'))
  assert.deepEqual([limit.failed('a', 'nhi_2'), limit.failed('a', null), limit.failed('b', 'nhi_1')], [0, 0, 0])
})

test('an address that claims something else each time is told no more than the limit of the address', () => {
  const limit = createFailureLimit(60, () => 0)
  assert.equal(told(times(100_000, (at) => limit.failed('a', `nhi_${at}`))), 60)
  assert.equal(told(times(1_000, (at) => limit.failed(`2001:db8::${at.toString(16)}`, `nhi_${at}`))), 60)
})

test('a flood of addresses and claims is held in bounded memory, and who fails now is remembered', () => {
  const limit = createFailureLimit(1, () => 0)
  const before = process.memoryUsage().heapUsed
  const long = 'x'.repeat(10_000)
  for (let at = 0; at < 100_000; at++) limit.failed(`address-${at}`, `${long}${at}`)
  assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024)
  assert.ok(limit.failed('address-99999', 'other') > 0)
  assert.equal(limit.failed('address-0', 'other'), 0)
})

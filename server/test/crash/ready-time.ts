import assert from 'node:assert/strict'
import { availableParallelism, loadavg } from 'node:os'
import type { TestContext } from 'node:test'
import { quantile } from '../quantile.ts'
import { bareStart } from './start-time.ts'

// Two busy test files on two cores are a load of one per core; what is beyond is somebody else's.
const CALM_LOAD_PER_CORE = 1.5

// What a bare Node takes to start beside one other busy test file, on the cores that the bars were set on.
const CALM_START_MS = 80

/**
 * How many times slower everything is than in a calm moment; 1 when it is calm. Told by what waits for each core, and by
 * how long a program of nothing takes to start: what other machines take of the same host shows in no load average.
 */
export const crowding = (): number => {
  const load = (loadavg()[0] ?? 0) / availableParallelism() / CALM_LOAD_PER_CORE
  return Math.max(1, load, bareStart().ms / CALM_START_MS)
}

/** Asserts the 95th percentile of these start times; on a machine that others keep busy, what would be left of it. */
export const assertReadyWithin = (milliseconds: readonly number[], secondsMax: number, t: TestContext): void => {
  const factor = crowding()
  const p95 = quantile(milliseconds, 0.95) / 1000
  if (factor > 1)
    t.diagnostic(`the machine is crowded ${factor.toFixed(1)} times over; times are judged as one part of that`)
  assert.ok(p95 / factor <= secondsMax, `ready only after ${p95.toFixed(2)} s (p95)`)
}

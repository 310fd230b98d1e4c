import assert from 'node:assert/strict'
import { availableParallelism, loadavg } from 'node:os'
import type { TestContext } from 'node:test'
import { quantile } from '../quantile.ts'

// Two busy test files on two cores are a load of one per core; what is beyond is somebody else's.
const CALM_LOAD_PER_CORE = 1.5

/** How many times more work waited for each core than there is room for in a calm moment; 1 when it was calm. */
export const crowding = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism() / CALM_LOAD_PER_CORE)

/** Asserts the 95th percentile of these start times; on a machine that others keep busy, what would be left of it. */
export const assertReadyWithin = (milliseconds: readonly number[], secondsMax: number, t: TestContext): void => {
  const factor = crowding()
  const p95 = quantile(milliseconds, 0.95) / 1000
  if (factor > 1)
    t.diagnostic(`the machine is crowded ${factor.toFixed(1)} times over; times are judged as one part of that`)
  assert.ok(p95 / factor <= secondsMax, `ready only after ${p95.toFixed(2)} s (p95)`)
}

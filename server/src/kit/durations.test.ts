import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDurations } from './durations.ts'

test('a duration is counted at the shortest bound that holds it and at all longer ones, the bound itself included', () => {
  let nowMs = 1_000
  const durations = createDurations({ monotonicMs: () => nowMs }, [0.001, 0.01])
  assert.deepEqual(durations.counts(), {
    within: [
      [0.001, 0],
      [0.01, 0],
    ],
    count: 0,
    sumSeconds: 0,
  })
  for (const tookMs of [0.5, 1, 4, 500]) {
    const began = durations.begin()
    nowMs += tookMs
    durations.end(began)
  }
  assert.deepEqual(durations.counts(), {
    within: [
      [0.001, 2],
      [0.01, 3],
    ],
    count: 4,
    sumSeconds: 0.5055,
  })
})

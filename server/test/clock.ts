import type { Clock } from '../src/kit/clock.ts'

/** A clock that a test sets: both parts stand still until they are moved. */
export interface TestClock extends Clock {
  advance(ms: number): void
  /** Steps the wall clock alone, as an operator or NTP does. */
  step(ms: number): void
}

/** A clock that starts at the given moment. */
export const testClock = (start = new Date('2026-11-22T12:00:00.000Z')): TestClock => {
  let wall = start.getTime()
  let mono = 0
  return {
    now: () => new Date(wall),
    monotonicMs: () => mono,
    advance: (ms) => {
      wall += ms
      mono += ms
    },
    step: (ms) => {
      wall += ms
    },
  }
}

/** The time, handed in: `now` may be stepped by an operator, `monotonicMs` only ever grows. */
export interface Clock {
  now(): Date
  monotonicMs(): number
}

/** The machine's own clock: the only place that asks for the time. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}

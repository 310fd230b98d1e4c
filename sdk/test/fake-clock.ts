import type { Clock } from '../src/clock.ts'

/** A clock that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** Lets time pass: both clocks move, and what is due runs. */
  advance(ms: number): void
  /** Sets the host's clock forward or back, as an administrator would; no time passes. */
  step(ms: number): void
  readonly timers: number
}

/** A fake clock that starts on a fixed day. */
export const createFakeClock = (startMs = Date.UTC(2026, 0, 15)): FakeClock => {
  let monotonicMs = 5_000
  let offsetMs = startMs
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]

  return {
    nowMs: () => offsetMs + monotonicMs,
    monotonicMs: () => monotonicMs,
    after: (delayMs, run) => {
      const timer = { atMs: monotonicMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      const untilMs = monotonicMs + ms
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        monotonicMs = Math.max(monotonicMs, timer.atMs)
        timers.delete(timer)
        timer.run()
      }
      monotonicMs = untilMs
    },
    step: (ms) => {
      offsetMs += ms
    },
    get timers() {
      return timers.size
    },
  }
}

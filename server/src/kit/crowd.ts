import type { Clock } from './clock.ts'

/** Those who wait for a commit, and whether one more would wait too long. */
export interface Crowd {
  came(): void
  /** So many were committed, all at once. */
  went(count: number): void
  /** Whether one more is to be sent away; asked once for each who comes. */
  isFull(): boolean
  /** Whether somebody was sent away just now. */
  isOverloaded(): boolean
}

/** Below either of these nobody is sent away. */
interface Bound {
  readonly waiting: number
  readonly waitMs: number
}

// So many at once are nobody's overload, however slow the disk is; nor is a wait that few notice.
const CALM: Bound = { waiting: 256, waitMs: 100 }
// Where more come than can be answered, those who are let in wait as long as in a calm time.
const OVERLOADED: Bound = { waiting: 16, waitMs: 5 }
const CALM_AFTER_MS = 1_000
// It is looked again whether there still is too much: what a calm server carries it would send away for ever after one rush,
// since in that state whoever comes together with others is too many.
const OVERLOADED_MS_MAX = 10_000
// Many who come at once after a calm time are all let in, however long the last of them waits.
const BURST_MAX = 1_024
const BURST_REFILL_A_MS = 0.1
// What the newest commit weighs in what each of them is taken to cost.
const NEWEST_PART = 0.25

/**
 * Nobody yet. What each of them costs is measured, so that how many may wait follows from how fast they are committed: on a
 * fast machine more do, and none of them for longer.
 */
export const createCrowd = ({ monotonicMs }: Pick<Clock, 'monotonicMs'>): Crowd => {
  let waiting = 0
  let msEach = 0
  let sinceMs = 0
  let burst = BURST_MAX
  let burstAtMs = monotonicMs()
  let refusedAtMs = Number.NEGATIVE_INFINITY
  let overloadedAtMs = Number.NEGATIVE_INFINITY

  const isWithin = (bound: Bound): boolean => waiting < bound.waiting || waiting * msEach <= bound.waitMs

  const takeOfBurst = (nowMs: number): boolean => {
    burst = Math.min(BURST_MAX, burst + (nowMs - burstAtMs) * BURST_REFILL_A_MS)
    burstAtMs = nowMs
    if (burst < 1) return false
    burst -= 1
    return true
  }

  const isOverloaded = (): boolean => {
    const nowMs = monotonicMs()
    return nowMs - refusedAtMs < CALM_AFTER_MS && nowMs - overloadedAtMs < OVERLOADED_MS_MAX
  }

  return {
    isOverloaded,
    came: () => {
      if (waiting === 0) sinceMs = monotonicMs()
      waiting += 1
    },
    went: (count) => {
      const nowMs = monotonicMs()
      msEach += NEWEST_PART * ((nowMs - sinceMs) / count - msEach)
      sinceMs = nowMs
      waiting -= count
    },
    isFull: () => {
      // Of few nobody is sent away, whatever was before.
      if (isWithin(OVERLOADED)) return false
      const nowMs = monotonicMs()
      if (isOverloaded()) {
        // Nothing is saved for a burst meanwhile: it would all be spent on the next look.
        burstAtMs = nowMs
      } else {
        if (isWithin(CALM) || takeOfBurst(nowMs)) return false
        overloadedAtMs = nowMs
      }
      refusedAtMs = nowMs
      return true
    },
  }
}

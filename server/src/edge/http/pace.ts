/** How many may be in work and wait at once: it is told what happens, and says the bounds. */
export interface Pace {
  inWorkMax(): number
  waitingMax(): number
  /** Somebody was answered after so long in work. */
  took(ms: number, nowMs: number): void
  /** Somebody was let in after waiting so long. */
  waited(ms: number, nowMs: number): void
  /** Nobody waits any more. */
  emptied(): void
  /** Somebody will have to wait; so many are here already. */
  came(here: number, nowMs: number): void
  sentAway(nowMs: number): void
}

// In a calm time so many are in work, and a burst waits as a whole.
const CALM = { inWork: 256, waiting: 1_024 }
// Where more come than can be answered: few wait, since those who do only wait for longer.
const CROWDED = { inWork: 32, waiting: 8 }
const IN_WORK_MAX = 512
// A line of which the first always waited longer than this, for so long, is no burst: it does not get shorter.
const STANDING_WAIT_MS = 20
const STANDING_MS = 500
// Whoever is sent away is told to come back within this time.
const RETURN_MS_MAX = 3_000
// By Little's law the number in work is what is answered a second times how long each is in work, so that a bound of the one is
// a bound of the other.
const SLOWER = 2.5
const WINDOW_MS = 100
const WINDOW_COUNT_MIN = 16
const RISE_PART = 0.01

/**
 * Calm at first. Crowded is what does not get shorter by itself, and it is over when those who are here, with all that were
 * sent away and so may come back, would not make a line again. While it lasts, the number in work follows from how long
 * they are in work, against how long they are in a calm time: it grows by a little and falls by a part, so it settles.
 */
export const createPace = (startedMs: number): Pace => {
  let crowdedAtMs: number | undefined
  let inWorkMax = CALM.inWork
  let standingSinceMs: number | undefined
  let hasWaited = false
  let normalMs: number | undefined
  let window = { sinceMs: startedMs, count: 0, sumMs: 0 }
  let away = { sinceMs: startedMs, count: 0, before: 0 }

  /** How many of those who were sent away may still come back. */
  const returning = (nowMs: number): number => {
    const agoMs = nowMs - away.sinceMs
    if (agoMs > RETURN_MS_MAX) away = { sinceMs: nowMs, count: 0, before: agoMs > 2 * RETURN_MS_MAX ? 0 : away.count }
    return away.before + away.count
  }

  const judge = (meanMs: number): void => {
    if (crowdedAtMs === undefined) {
      // Falls at once and rises slowly, by calm times alone: what is slow because it is crowded is not what is normal.
      if (!hasWaited) normalMs = Math.min(meanMs, (normalMs ?? meanMs) + RISE_PART * (meanMs - (normalMs ?? meanMs)))
    } else if (normalMs !== undefined) {
      inWorkMax =
        meanMs > SLOWER * normalMs
          ? Math.max(CROWDED.inWork, Math.floor(inWorkMax * 0.9))
          : Math.min(IN_WORK_MAX, inWorkMax + 2)
    }
    hasWaited = false
  }

  return {
    inWorkMax: () => inWorkMax,
    waitingMax: () => (crowdedAtMs === undefined ? CALM : CROWDED).waiting,
    took: (ms, nowMs) => {
      window.count += 1
      window.sumMs += ms
      if (nowMs - window.sinceMs < WINDOW_MS || window.count < WINDOW_COUNT_MIN) return
      judge(window.sumMs / window.count)
      window = { sinceMs: nowMs, count: 0, sumMs: 0 }
    },
    waited: (ms, nowMs) => {
      hasWaited = true
      if (ms <= STANDING_WAIT_MS) standingSinceMs = undefined
      else standingSinceMs ??= nowMs
      if (crowdedAtMs !== undefined || standingSinceMs === undefined || nowMs - standingSinceMs < STANDING_MS) return
      crowdedAtMs = nowMs
      inWorkMax = CROWDED.inWork
    },
    emptied: () => {
      standingSinceMs = undefined
    },
    came: (here, nowMs) => {
      if (crowdedAtMs === undefined || nowMs - crowdedAtMs < RETURN_MS_MAX) return
      if (here + returning(nowMs) > CALM.inWork) return
      crowdedAtMs = undefined
      standingSinceMs = undefined
      inWorkMax = CALM.inWork
    },
    sentAway: (nowMs) => {
      returning(nowMs)
      away.count += 1
    },
  }
}

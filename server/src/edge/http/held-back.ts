import type { Clock } from '../../kit/clock.ts'

/** Does things later: all of them by one timer, which runs only while there are any. */
export interface HeldBack {
  /** Does this when that moment has come, at most a tenth of a second later. */
  until(atMs: number, done: () => void): void
  /** Does all of it now. */
  release(): void
}

const LOOK_EVERY_MS = 100

/** Nothing yet. */
export const createHeldBack = ({ monotonicMs }: Pick<Clock, 'monotonicMs'>): HeldBack => {
  // By the look at which they are due.
  const due = new Map<number, (() => void)[]>()
  let timer: NodeJS.Timeout | undefined
  let isReleased = false
  const look = (untilLook: number): void => {
    for (const [at, all] of [...due]) {
      if (at > untilLook) continue
      due.delete(at)
      for (const done of all) done()
    }
    if (due.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    until: (atMs, done) => {
      if (isReleased) {
        done()
        return
      }
      const at = Math.ceil(atMs / LOOK_EVERY_MS)
      const together = due.get(at)
      if (together === undefined) due.set(at, [done])
      else together.push(done)
      timer ??= setInterval(() => look(Math.floor(monotonicMs() / LOOK_EVERY_MS)), LOOK_EVERY_MS).unref()
    },
    release: () => {
      isReleased = true
      look(Number.POSITIVE_INFINITY)
    },
  }
}

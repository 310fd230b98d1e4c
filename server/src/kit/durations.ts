import type { Clock } from './clock.ts'

/** How long something took, counted by how long: what is measured is too quick to be slowed by an object for each. */
export interface Durations {
  /** Begins; the number is for `end` alone. */
  begin(): number
  end(beganMs: number): void
  /** How often it took at most each of the bounds, all of it below one bound counted in those above as well. */
  counts(): { readonly within: readonly (readonly [boundSeconds: number, count: number])[] } & Sum
}

interface Sum {
  readonly count: number
  readonly sumSeconds: number
}

/** Nothing counted yet; the bounds are in seconds, the shortest first. */
export const createDurations = (clock: Pick<Clock, 'monotonicMs'>, boundsSeconds: readonly number[]): Durations => {
  const boundsMs = Float64Array.from(boundsSeconds, (bound) => bound * 1000)
  // One more for what took longer than all. Numbers in place, so that counting allocates nothing.
  const counted = new Float64Array(boundsMs.length + 1)
  const sumMs = new Float64Array(1)
  return {
    begin: () => clock.monotonicMs(),
    end: (beganMs) => {
      const tookMs = clock.monotonicMs() - beganMs
      let at = 0
      while (at < boundsMs.length && tookMs > (boundsMs[at] ?? 0)) at++
      counted[at] = (counted[at] ?? 0) + 1
      sumMs[0] = (sumMs[0] ?? 0) + tookMs
    },
    counts: () => {
      let count = 0
      const within = boundsSeconds.map((bound, at): readonly [number, number] => {
        count += counted[at] ?? 0
        return [bound, count]
      })
      return { within, count: count + (counted[boundsMs.length] ?? 0), sumSeconds: (sumMs[0] ?? 0) / 1000 }
    },
  }
}

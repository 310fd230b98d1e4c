import type { Clock } from '../clock.ts'
import type { ScopedTarget } from '../revocation-target.ts'
import type { SteadyTime } from '../steady-time.ts'
import type { RevocationEntry, RevocationPage, RevocationScope } from '../wire.ts'
import { createStopSet, type StopSet } from './stop-set.ts'

/** What was learned from the feed, and how old that is. */
export interface View {
  /** The last sequence number that was applied, or undefined before the first page. */
  readonly seq: number | undefined
  readonly stopped: number
  /** True when more is stopped than can be held. */
  readonly isOverfull: boolean
  /** Seconds since the view was last known to be complete, or undefined when it never was. */
  ageSeconds(): number | undefined
  /** The narrowest scope at which one of these is stopped. */
  stoppedScope(targets: readonly ScopedTarget[]): RevocationScope | undefined
  /** Applies a page that was asked for at a monotonic time; false when it leaves a gap and everything must be fetched. */
  applyPage(page: RevocationPage, askedAtMs: number): boolean
  /** Applies one change; false when it leaves a gap. */
  applyChange(entry: RevocationEntry): boolean
  /** Hears that the issuer is at a sequence number; false when that is not the one applied last. */
  hearSeq(seq: number): boolean
}

/** A view that knows nothing yet. */
export const createView = ({
  clock,
  time,
  stoppedMax,
  graceSeconds,
  onChange,
}: {
  clock: Clock
  time: SteadyTime
  stoppedMax: number
  graceSeconds: number
  onChange: () => void
}): View => {
  let stops = createStopSet({ stoppedMax, graceSeconds })
  let seq: number | undefined
  let completeAtMs: number | undefined
  let sweptAtMs = clock.monotonicMs()
  let behindSinceMs: number | undefined

  const complete = (atMs: number, at: number): true => {
    const isNews = seq !== at
    seq = at
    behindSinceMs = undefined
    // INVARIANT: a set that could not hold everything is never called complete, so that strict verifiers refuse.
    if (!stops.isOverfull && atMs >= (completeAtMs ?? atMs)) completeAtMs = atMs
    if (clock.monotonicMs() - sweptAtMs >= sweepMs) {
      sweptAtMs = clock.monotonicMs()
      stops.sweep(time.earliestSeconds() - keepSeconds)
    }
    if (isNews) onChange()
    return true
  }

  const replace = (entries: readonly RevocationEntry[]): void => {
    const next: StopSet = createStopSet({ stoppedMax, graceSeconds })
    for (const entry of entries) next.apply(entry)
    stops = next
  }

  /**
   * A whole page from an issuer that is behind us: a replica that lags for a moment, or one that was restored. Nothing
   * is believed at first; when it lasts, its number is taken and its stops are added, but none is lifted.
   */
  const applyBehind = (page: RevocationPage, askedAtMs: number): true => {
    behindSinceMs ??= clock.monotonicMs()
    if (clock.monotonicMs() - behindSinceMs < believeBehindMs) return true
    for (const entry of page.entries) stops.apply(entry)
    return complete(askedAtMs, page.seq)
  }

  return {
    get seq() {
      return seq
    },
    get stopped() {
      return stops.size
    },
    get isOverfull() {
      return stops.isOverfull
    },
    ageSeconds: () => (completeAtMs === undefined ? undefined : (clock.monotonicMs() - completeAtMs) / 1000),
    stoppedScope: (targets) => {
      if (stops.size === 0) return undefined
      const now = time.nowSeconds()
      return targets.find(({ target }) => stops.has(target, now))?.scope
    },
    applyPage: (page, askedAtMs) => {
      if (page.snapshot) {
        if (seq !== undefined && page.seq < seq) return applyBehind(page, askedAtMs)
        replace(page.entries)
        return complete(askedAtMs, page.seq)
      }
      if (seq === undefined || page.seq < seq) return false
      let last = seq
      const fresh = page.entries.filter((entry) => entry.seq > last)
      for (const entry of fresh) if (entry.seq === last + 1) last += 1
      if (last !== page.seq || fresh.length !== last - seq) return false
      for (const entry of fresh) stops.apply(entry)
      return complete(askedAtMs, last)
    },
    applyChange: (entry) => {
      if (seq === undefined || entry.seq > seq + 1) return false
      if (entry.seq === seq + 1) {
        stops.apply(entry)
        complete(clock.monotonicMs(), entry.seq)
      }
      return true
    },
    hearSeq: (at) => at === seq && complete(clock.monotonicMs(), at),
  }
}

const sweepMs = 60_000
// Longer than any token lives, so that no step of a clock brings back one whose stop was forgotten.
const keepSeconds = 86_400
const believeBehindMs = 10_000

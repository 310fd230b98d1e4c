import type { Clock } from '../../kit/clock.ts'
import { dropOldest } from '../../kit/drop-oldest.ts'

/** How often API keys were used at this replica: counted in its memory, bounded, and forgotten when it ends. */
export interface KeyRates {
  /** Counts a use; undefined when it is within the rate, else the seconds to wait. */
  take(credential: string, perMinute: number): number | undefined
}

interface Bucket {
  left: number
  atMs: number
}

const MINUTE_MS = 60_000

/** A token bucket for each key that was used lately, at most `keysMax`; the one used longest ago is forgotten first. */
export const createKeyRates = (clock: Clock, keysMax = 50_000): KeyRates => {
  const buckets = new Map<string, Bucket>()
  return {
    take: (credential, perMinute) => {
      const atMs = clock.monotonicMs()
      const known = buckets.get(credential)
      const left = Math.min(
        perMinute,
        known === undefined ? perMinute : known.left + ((atMs - known.atMs) * perMinute) / MINUTE_MS,
      )
      buckets.delete(credential)
      dropOldest(buckets, keysMax)
      buckets.set(credential, { left: left < 1 ? left : left - 1, atMs })
      return left < 1 ? Math.ceil(((1 - left) * 60) / perMinute) : undefined
    },
  }
}

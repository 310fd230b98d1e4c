import type { Clock } from './clock.ts'
import { dropOldest } from './drop-oldest.ts'

/** Counts what costs something, by key: a token bucket for each, bounded in number. */
export interface Limiter {
  /** Takes one; undefined when it may go on, else the seconds to wait. */
  take(key: string): number | undefined
}

interface Bucket {
  left: number
  atMs: number
}

const KEYS_MAX = 50_000

/** A limiter of `perMinute` for each key, with bursts up to the same number. The oldest keys are forgotten first. */
export const createLimiter = (clock: Clock, perMinute: number, keysMax = KEYS_MAX): Limiter => {
  const buckets = new Map<string, Bucket>()
  const fill = (key: string): Bucket => {
    const nowMs = clock.monotonicMs()
    const bucket = buckets.get(key) ?? { left: perMinute, atMs: nowMs }
    bucket.left = Math.min(perMinute, bucket.left + ((nowMs - bucket.atMs) * perMinute) / 60_000)
    bucket.atMs = nowMs
    return bucket
  }
  return {
    take: (key) => {
      const bucket = fill(key)
      buckets.delete(key)
      dropOldest(buckets, keysMax)
      buckets.set(key, bucket)
      if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 60) / perMinute)
      bucket.left -= 1
      return undefined
    },
  }
}

/** Counts failures by address: who fails too often waits. Bounded; the address that failed longest ago is forgotten first. */
export interface FailureLimit {
  /** Seconds to wait, or 0 when the next try may be made. */
  waitSeconds(address: string): number
  failed(address: string): void
}

const ADDRESSES_MAX = 10_000

/** A bucket of `perMinute` failures for each address, filled again evenly; `monotonicMs` tells the time. */
export const createFailureLimit = (perMinute: number, monotonicMs: () => number): FailureLimit => {
  const buckets = new Map<string, { left: number; atMs: number }>()
  const leftOf = (address: string): number => {
    const bucket = buckets.get(address)
    if (bucket === undefined) return perMinute
    return Math.min(perMinute, bucket.left + ((monotonicMs() - bucket.atMs) * perMinute) / MINUTE_MS)
  }
  return {
    waitSeconds: (address) => {
      const left = leftOf(address)
      return left >= 1 ? 0 : Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1000)
    },
    failed: (address) => {
      const left = leftOf(address) - 1
      buckets.delete(address)
      if (buckets.size >= ADDRESSES_MAX) buckets.delete(buckets.keys().next().value ?? '')
      buckets.set(address, { left, atMs: monotonicMs() })
    },
  }
}

const MINUTE_MS = 60_000

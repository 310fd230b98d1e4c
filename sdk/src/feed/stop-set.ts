import type { RevocationEntry } from '../wire.ts'

/** What is stopped now, by target; bounded. */
export interface StopSet {
  apply(entry: RevocationEntry): void
  has(target: string, nowSeconds: number): boolean
  /** Forgets what ended before a time. */
  sweep(beforeSeconds: number): void
  readonly size: number
  /** True when something could not be held, so that this set does not say the truth any more. */
  readonly isOverfull: boolean
}

/** An empty stop set; entries hold for graceSeconds past their end, as long as a verifier lets a token live on. */
export const createStopSet = ({ stoppedMax, graceSeconds }: { stoppedMax: number; graceSeconds: number }): StopSet => {
  const untils = new Map<string, number>()
  let isOverfull = false
  return {
    apply: ({ verb, target, until }) => {
      if (verb === 'release') untils.delete(target)
      else if (untils.size < stoppedMax || untils.has(target)) untils.set(target, until ?? Number.POSITIVE_INFINITY)
      else isOverfull = true
    },
    has: (target, nowSeconds) => {
      const until = untils.get(target)
      return until !== undefined && nowSeconds < until + graceSeconds
    },
    sweep: (beforeSeconds) => {
      for (const [target, until] of untils) if (until + graceSeconds < beforeSeconds) untils.delete(target)
    },
    get size() {
      return untils.size
    },
    get isOverfull() {
      return isOverfull
    },
  }
}

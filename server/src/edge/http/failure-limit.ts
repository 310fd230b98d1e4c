import { hash } from 'node:crypto'
import { addressBlock } from '../../kit/address-block.ts'
import { dropOldest } from '../../kit/drop-oldest.ts'

/** Counts failed proofs. What is over the limit is answered without a record; nobody is ever kept from proving who they are. */
export interface FailureLimit {
  /**
   * Counts a failure of this address at what it claimed to be, null when it claimed nothing. Gives 0 when it is to be
   * told and recorded, else the seconds after which the next one will be.
   */
  failed(address: string, claimed: string | null): number
}

const KEYS_MAX = 10_000

/**
 * INVARIANT: a proof is looked at before anything is refused. Were it the other way round, one bad neighbour behind the
 * same NAT, or anybody who knows a client's name, would lock that client out. Looking is bounded work: a read by key or
 * two, shared by all who ask for the same client, and at most ten signatures. Guessing gains nothing by it, since what
 * is guessed at has 256 random bits or is a signature. What a failure costs beyond that is its record, and that is what
 * is limited: `perMinute` for an address, a tenth of it for one claim there, so that guesses at one client leave the
 * failures of others to be told and recorded. Claims are kept as digests and an IPv6 network counts as one address.
 * Memory is bounded; the key that failed longest ago is forgotten first, and a flood of claims at one address is held
 * by the limit of the address.
 */
export const createFailureLimit = (perMinute: number, monotonicMs: () => number): FailureLimit => {
  const ofAddress = createBuckets(perMinute, monotonicMs)
  const ofClaim = createBuckets(Math.ceil(perMinute / 10), monotonicMs)
  return {
    failed: (address, claimed) => {
      const block = addressBlock(address)
      const claim = `${block} ${hash('sha256', claimed ?? '', 'base64url')}`
      const waitSeconds = Math.max(ofClaim.waitSeconds(claim), ofAddress.waitSeconds(block))
      if (waitSeconds > 0) return waitSeconds
      ofClaim.take(claim)
      ofAddress.take(block)
      return 0
    },
  }
}

const createBuckets = (perMinute: number, monotonicMs: () => number) => {
  const buckets = new Map<string, { left: number; atMs: number }>()
  const leftOf = (key: string): number => {
    const bucket = buckets.get(key)
    if (bucket === undefined) return perMinute
    return Math.min(perMinute, bucket.left + ((monotonicMs() - bucket.atMs) * perMinute) / MINUTE_MS)
  }
  return {
    waitSeconds: (key: string): number => {
      const left = leftOf(key)
      return left >= 1 ? 0 : Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1000)
    },
    take: (key: string): void => {
      const left = leftOf(key) - 1
      buckets.delete(key)
      dropOldest(buckets, KEYS_MAX)
      buckets.set(key, { left, atMs: monotonicMs() })
    },
  }
}

const MINUTE_MS = 60_000

import { deflateSync } from 'node:zlib'
import { PLACES } from './status-place.ts'

/** What a status list says of a token: revoked for good, or stopped until somebody releases it. */
export type ListedStop = 'revoke' | 'quarantine'

/** How many bits each place has. */
export const STATUS_BITS = 2

/**
 * A status list as it is sent (Token Status List §4.1 and §7.1): two bits a place, the first place lowest, compressed. All of
 * its tokens are `stopped` as said, and some besides.
 */
export const statusBits = (stopped: ListedStop | undefined, some: ReadonlyMap<number, ListedStop>): string => {
  const all = stopped === undefined ? 0 : STATUS[stopped]
  const bytes = Buffer.alloc((PLACES * STATUS_BITS) / 8, all * 0b01010101)
  for (const [index, verb] of some) {
    // What is over for good is not merely suspended because all of its kind are.
    if (all === STATUS.revoke) break
    const at = index >> 2
    const shift = (index & 3) * STATUS_BITS
    bytes[at] = ((bytes[at] ?? 0) & ~(0b11 << shift)) | (STATUS[verb] << shift)
  }
  return deflateSync(bytes).toString('base64url')
}

// §7.1: INVALID and SUSPENDED.
const STATUS = { revoke: 1, quarantine: 2 } as const satisfies Record<ListedStop, number>

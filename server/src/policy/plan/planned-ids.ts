import { createHash } from 'node:crypto'

const BYTES = 16

/**
 * The ids that objects get when a plan is made, and again when it is applied: so that what a plan says of a new grant is
 * said of the grant that is then given. The plan's own id is as hard to guess as any.
 */
export const plannedIds = (planId: string): ((prefix: string) => string) => {
  let made = 0
  return (prefix) => {
    const hash = createHash('sha256').update(JSON.stringify([planId, prefix, made++]))
    return `${prefix}_${hash.digest().subarray(0, BYTES).toString('base64url')}`
  }
}

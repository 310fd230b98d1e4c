import type { Handle } from '../../kit/database.ts'
import { isDatabaseGone } from '../../kit/database-gone.ts'
import type { Job } from '../../kit/job.ts'
import type { Operation } from '../../kit/operation.ts'
import type { InventoryTables } from '../schema.ts'
import { dueIdentities } from '../store-identity.ts'

// A turn ends within its lease; what is left is done at the next one.
const TURN_MAX = 500

/** Disables identities whose expiry has come, each through the operation that records it. */
export const expireJob = (given: {
  readonly db: Handle<InventoryTables>
  /** The operation `inventory.identity.expire`. */
  readonly expire: Operation
  /** Calls an operation as this server's own automation. */
  call(operation: Operation, input: unknown): Promise<unknown>
}): Job => ({
  name: 'inventory.identity.expire',
  schedule: '29 * * * * *',
  run: async (now) => {
    const failed: unknown[] = []
    // One that cannot be ended keeps none of the others alive.
    for (const state of ['active', 'requested'])
      for (const identity of await dueIdentities(given.db, state, now, TURN_MAX))
        await given.call(given.expire, { identity }).catch((error: unknown) => {
          if (isDatabaseGone(error)) throw error
          failed.push(error)
        })
    if (failed.length > 0) throw new Error(`${failed.length} identities could not be expired`, { cause: failed[0] })
  },
})

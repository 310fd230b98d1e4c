import type { AnyTx, Database, Handle } from './database.ts'
import { coreFault } from './fault.ts'
import type { KitTables } from './schema.ts'

/**
 * How often each data key seals, over all replicas. NIST SP 800-38D §8.3: with nonces of chance a key of AES-GCM is good
 * for 2³² texts. INVARIANT: a use is counted in the database before it is made: replicas set aside many at once, and what
 * one has left when it ends counts as used.
 */
export interface DataKeyUses {
  /** Takes one use of this key; throws where none is set aside. */
  take(id: string): void
  /** Sets aside more of these keys, where less than half is left: in a transaction of its own, and only once that is durable. */
  reserve(database: Pick<Database, 'write'>, ids: readonly string[]): Promise<void>
  /** How often this key may have been used by all, as far as this replica knows. */
  uses(id: string): number
}

const BLOCK = 2 ** 16
/** So often a data key may be used. */
export const DATA_KEY_USES_MAX = 2 ** 32

/** Counts for this replica; `onLow` is told when more should be set aside. */
export const countDataKeyUses = (onLow: () => void): DataKeyUses => {
  const left = new Map<string, number>()
  const known = new Map<string, number>()
  return {
    take: (id) => {
      const rest = (left.get(id) ?? 0) - 1
      if (rest < 0) {
        onLow()
        throw coreFault('unavailable', { retryAfterSeconds: 2, detail: `no use of data key ${id} is set aside` })
      }
      left.set(id, rest)
      if (rest === BLOCK / 2) onLow()
    },
    reserve: async (database, ids) => {
      const low = ids.filter((id) => (left.get(id) ?? 0) <= BLOCK / 2)
      if (low.length === 0) return
      const given = await database.write(async (tx: AnyTx) => {
        const counted: { id: string; uses: number }[] = []
        for (const id of low) counted.push(...(await countBlock(tx, id)))
        return counted
      })
      for (const { id, uses } of given) {
        known.set(id, uses)
        left.set(id, (left.get(id) ?? 0) + BLOCK)
      }
    },
    uses: (id) => known.get(id) ?? 0,
  }
}

/** Counts a block of uses of a living key, unless they would go beyond the bound. */
const countBlock = (tx: Handle<KitTables>, id: string): Promise<{ id: string; uses: number }[]> =>
  tx
    .updateTable('kit_data_key')
    .set((eb) => ({ uses: eb('uses', '+', BLOCK) }))
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .where('uses', '<=', DATA_KEY_USES_MAX - BLOCK)
    .returning(['id', 'uses'])
    .execute()

import type { Transaction } from 'kysely'
import type { KitTables } from './schema.ts'
import type { Once } from './spend-once.ts'

/**
 * Uses a key of a named space, once, ever: false when somebody used it before. One conditional write (design rule 10);
 * `until` is when its proof is over and it need not be remembered any more.
 */
export const useOnce = async (
  tx: Transaction<Pick<KitTables, 'kit_once'>>,
  once: { readonly space: string; readonly key: string; readonly until: Date },
): Promise<boolean> => {
  const row = await tx
    .insertInto('kit_once')
    .values({ space: once.space, key: once.key, until: once.until.getTime() })
    .onConflict((conflict) => conflict.columns(['space', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst()
  return row !== undefined
}

/** Whether somebody used it; nothing is spent by the question. INVARIANT: within a write, before which all comes into the table. */
export const wasUsed = async (
  tx: Transaction<Pick<KitTables, 'kit_once'>>,
  { space, key }: Pick<Once, 'space' | 'key'>,
): Promise<boolean> => {
  // Served by the primary key.
  const row = await tx
    .selectFrom('kit_once')
    .select('key')
    .where('space', '=', space)
    .where('key', '=', key)
    .executeTakeFirst()
  return row !== undefined
}

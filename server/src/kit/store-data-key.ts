import type { Transaction } from 'kysely'
import type { AnyTx } from './database.ts'
import type { KitTables } from './schema.ts'
import type { WrappedKey } from './seal.ts'

/** The living data keys, oldest first; nobody adds or ends one before this transaction is over. */
export const holdDataKeys = async (any: AnyTx) => {
  const tx: Transaction<KitTables> = any
  // One row's lock is enough, and every rotation takes it: the feed's counter is written by both anyway.
  await tx.updateTable('kit_counter').set({ name: 'change' }).where('name', '=', 'change').execute()
  return tx
    .selectFrom('kit_data_key')
    .select(['id', 'usable_from'])
    .where('retired_at', 'is', null)
    .orderBy('usable_from')
    .orderBy('created_at')
    .execute()
}

/** Stores a new data key. */
export const insertDataKey = async (
  tx: AnyTx,
  key: WrappedKey & { readonly createdAt: number; readonly usableFrom: number },
): Promise<void> => {
  const { id, wrapped, kek, createdAt, usableFrom } = key
  await tx
    .insertInto('kit_data_key')
    .values({ id, wrapped, kek, created_at: createdAt, usable_from: usableFrom, retired_at: null, uses: 0 })
    .execute()
}

/** Stores how another key wraps a data key, unless somebody did so meanwhile. */
export const rewrapDataKey = async (
  tx: AnyTx,
  { id, wrapped, kek, before }: WrappedKey & { readonly before: string },
): Promise<void> => {
  await tx
    .updateTable('kit_data_key')
    .set({ wrapped, kek })
    .where('id', '=', id)
    .where('wrapped', '=', before)
    .where('retired_at', 'is', null)
    .execute()
}

/** Destroys a data key: nothing can open what it sealed any more. */
export const retireDataKey = async (tx: AnyTx, id: string, now: Date): Promise<void> => {
  await tx
    .updateTable('kit_data_key')
    .set({ wrapped: '', retired_at: now.getTime() })
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .execute()
}

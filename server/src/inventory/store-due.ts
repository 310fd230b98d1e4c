import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { InventoryTables } from './schema.ts'

/** That an identity is to be judged again; `mark` is of one change, so that a later one is not taken for judged with it. */
export interface Due {
  readonly identityId: string
  readonly mark: string
}

/** Says that an identity is to be judged again: what a scan sees of it has become another. */
export const dueForJudging = async (
  tx: Transaction<InventoryTables>,
  identityId: string,
  newId: (prefix: string) => string,
): Promise<void> => {
  const mark = newId('due')
  await tx
    .insertInto('inventory_due')
    .values({ identity_id: identityId, mark })
    .onConflict((conflict) => conflict.column('identity_id').doUpdateSet({ mark }))
    .execute()
}

/** What is to be judged again. */
export const findDue = async (db: Handle<InventoryTables>, limit: number): Promise<readonly Due[]> => {
  const rows = await db.selectFrom('inventory_due').selectAll().orderBy('identity_id').limit(limit).execute()
  return rows.map(({ identity_id, mark }) => ({ identityId: identity_id, mark }))
}

/** Forgets what was judged, but not what became due again meanwhile. */
export const forgetDue = async (tx: Transaction<InventoryTables>, due: readonly Due[]): Promise<void> => {
  if (due.length === 0) return
  await tx
    .deleteFrom('inventory_due')
    .where(
      'mark',
      'in',
      due.map(({ mark }) => mark),
    )
    .execute()
}

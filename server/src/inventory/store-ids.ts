import type { Handle } from '../kit/database.ts'
import type { InventoryTables } from './schema.ts'

/** Ids of the identities that follow this one, in order: for whoever has to look at all of them, a part at a time. */
export const idsAfter = async (
  db: Handle<InventoryTables>,
  after: string | undefined,
  limit: number,
): Promise<readonly string[]> => {
  const query = db.selectFrom('inventory_identity').select('id').orderBy('id').limit(limit)
  const rows = await (after === undefined ? query : query.where('id', '>', after)).execute()
  return rows.map(({ id }) => id)
}

import { sql, type Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { InventoryTables } from './schema.ts'

/** One use of an identity, as a verifier or the broker saw it. */
export interface SeenUse {
  readonly identity: string
  readonly at: Date
  readonly instance?: string | null
}

/** Moves the last use of these identities and instances forward; what is seen later than `now` counts as now. */
export const markUses = async (
  tx: Transaction<InventoryTables>,
  uses: readonly SeenUse[],
  now: Date,
): Promise<void> => {
  const identities = latest(uses, now, (use) => [use.identity])
  const instances = latest(uses, now, (use) => (use.instance == null ? undefined : [use.identity, use.instance]))
  if (identities.length > 0) {
    const seen = sql.join(identities.map(({ key, at }) => sql`(cast(${key[0]} as text), cast(${at} as bigint))`))
    // Both engines call the columns of a VALUES list column1 and column2.
    await sql`update inventory_identity set used_at = seen.column2 from (values ${seen}) as seen
      where inventory_identity.id = seen.column1 and inventory_identity.used_at < seen.column2`.execute(tx)
  }
  if (instances.length > 0)
    await tx
      .insertInto('inventory_instance')
      .values(
        instances.map(({ key: [identity = '', instance = ''], at }) => ({
          identity_id: identity,
          instance,
          first_at: at,
          used_at: at,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['identity_id', 'instance'])
          .doUpdateSet((eb) => ({ used_at: eb.ref('excluded.used_at') }))
          .where('inventory_instance.used_at', '<', (eb) => eb.ref('excluded.used_at')),
      )
      .execute()
}

/** The instances of an identity that acted last. */
export const latestInstances = async (
  db: Handle<InventoryTables>,
  identityId: string,
  limit: number,
): Promise<readonly { instance: string; firstAt: Date; usedAt: Date }[]> => {
  const rows = await db
    .selectFrom('inventory_instance')
    .selectAll()
    .where('identity_id', '=', identityId)
    .orderBy('used_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    instance: row.instance,
    firstAt: new Date(row.first_at),
    usedAt: new Date(row.used_at),
  }))
}

/** Removes instances that have been silent since then. */
export const removeSilentInstances = async (tx: Transaction<InventoryTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('inventory_instance').where('used_at', '<', before.getTime()).execute()
}

interface Latest {
  readonly key: readonly string[]
  readonly at: number
}

// Sorted, so that two batches at once take the rows' locks in the same order.
const latest = (
  uses: readonly SeenUse[],
  now: Date,
  keyOf: (use: SeenUse) => readonly string[] | undefined,
): readonly Latest[] => {
  const found = new Map<string, Latest>()
  for (const use of uses) {
    const key = keyOf(use)
    if (key === undefined) continue
    const id = JSON.stringify(key)
    const at = Math.min(use.at.getTime(), now.getTime())
    if (at > (found.get(id)?.at ?? 0)) found.set(id, { key, at })
  }
  return [...found.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, each]) => each)
}

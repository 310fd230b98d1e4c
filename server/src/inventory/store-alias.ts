import type { Handle } from '../kit/database.ts'
import type { AliasRow, InventoryTables } from './schema.ts'

type Db = Handle<InventoryTables>

/** A stable key under which an identity is known elsewhere: since when, by whose word, and how that ended. */
export interface Alias {
  readonly id: string
  readonly key: string
  readonly identityId: string
  readonly sightingId: string | null
  readonly because: string
  readonly since: Date
  readonly sinceBy: string | null
  readonly ended: { readonly at: Date; readonly by: string | null; readonly because: string } | null
}

/** Makes these keys an identity's; those that are some identity's already are left, and returned. */
export const addAliases = async (
  tx: Db,
  keys: readonly string[],
  of: {
    readonly identityId: string
    readonly sightingId: string | null
    readonly because: string
    readonly now: Date
    readonly by: string | null
    newId(prefix: string): string
  },
): Promise<readonly string[]> => {
  if (keys.length === 0) return []
  const rows = [...new Set(keys)].sort().map((key) => ({
    id: of.newId('als'),
    key,
    identity_id: of.identityId,
    sighting_id: of.sightingId,
    because: of.because,
    since: of.now.getTime(),
    since_by: of.by,
    ended_at: null,
    ended_by: null,
    ended_because: null,
  }))
  const added = await tx
    .insertInto('inventory_alias')
    .values(rows)
    .onConflict((conflict) => conflict.column('key').where('ended_at', 'is', null).doNothing())
    .returning('key')
    .execute()
  const made = new Set(added.map(({ key }) => key))
  return rows.map(({ key }) => key).filter((key) => !made.has(key))
}

/** Ends aliases of an identity: those of one sighting, the one with this id, or all. Returns those that ended. */
export const endAliases = async (
  tx: Db,
  which: { readonly identityId: string; readonly sightingId?: string; readonly id?: string },
  end: { readonly now: Date; readonly by: string | null; readonly because: string },
): Promise<readonly Alias[]> => {
  let query = tx
    .updateTable('inventory_alias')
    .set({ ended_at: end.now.getTime(), ended_by: end.by, ended_because: end.because })
    .where('identity_id', '=', which.identityId)
    .where('ended_at', 'is', null)
  if (which.sightingId !== undefined) query = query.where('sighting_id', '=', which.sightingId)
  if (which.id !== undefined) query = query.where('id', '=', which.id)
  return (await query.returningAll().execute()).map(toAlias)
}

/** An alias by id. */
export const findAlias = async (db: Db, id: string): Promise<Alias | undefined> => {
  const row = await db.selectFrom('inventory_alias').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toAlias(row)
}

/** The alias that a key is now. */
export const findHeld = async (db: Db, key: string): Promise<Alias | undefined> => {
  const query = db.selectFrom('inventory_alias').selectAll().where('key', '=', key).where('ended_at', 'is', null)
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : toAlias(row)
}

/** The aliases of an identity, those that ended among them, oldest first. Index inventory_alias_identity. */
export const aliasesOf = async (
  db: Db,
  identityId: string,
  page: { readonly after: { readonly sinceMs: number; readonly id: string }; readonly limit: number },
): Promise<readonly Alias[]> => {
  const { after, limit } = page
  const rows = await db
    .selectFrom('inventory_alias')
    .selectAll()
    .where('identity_id', '=', identityId)
    .where((eb) =>
      eb.or([eb('since', '>', after.sinceMs), eb.and([eb('since', '=', after.sinceMs), eb('id', '>', after.id)])]),
    )
    .orderBy('since')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(toAlias)
}

/** Whose these keys are. */
export const holdersOf = async (
  db: Db,
  keys: readonly string[],
): Promise<ReadonlyMap<string, { readonly id: string; readonly ownerId: string }>> => {
  const found = new Map<string, { id: string; ownerId: string }>()
  for (let start = 0; start < keys.length; start += KEYS_MAX) {
    const rows = await db
      .selectFrom('inventory_alias')
      .innerJoin('inventory_identity', 'inventory_identity.id', 'inventory_alias.identity_id')
      .select(['inventory_alias.key', 'inventory_identity.id', 'inventory_identity.owner_id'])
      .where('inventory_alias.key', 'in', keys.slice(start, start + KEYS_MAX))
      .where('inventory_alias.ended_at', 'is', null)
      .execute()
    for (const row of rows) found.set(row.key, { id: row.id, ownerId: row.owner_id })
  }
  return found
}

/** Whose these ids are, as far as they are identities. */
export const ownersOf = async (
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly id: string; readonly ownerId: string }>> => {
  const found = new Map<string, { id: string; ownerId: string }>()
  for (let start = 0; start < ids.length; start += KEYS_MAX) {
    const part = ids.slice(start, start + KEYS_MAX)
    const query = db.selectFrom('inventory_identity').select(['id', 'owner_id']).where('id', 'in', part)
    for (const row of await query.execute()) found.set(row.id, { id: row.id, ownerId: row.owner_id })
  }
  return found
}

// One parameter a key; well below the 32,766 that SQLite allows in a statement.
const KEYS_MAX = 1000

const toAlias = (row: AliasRow): Alias => ({
  id: row.id,
  key: row.key,
  identityId: row.identity_id,
  sightingId: row.sighting_id,
  because: row.because,
  since: new Date(row.since),
  sinceBy: row.since_by,
  ended:
    row.ended_at === null
      ? null
      : { at: new Date(row.ended_at), by: row.ended_by, because: row.ended_because ?? 'it ended' },
})

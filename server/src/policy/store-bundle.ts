import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { holding } from '../kit/hold-rows.ts'
import type { Bundle } from './domain/bundle.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** By id or unique name. */
export const findBundle = async (db: Db, idOrName: string): Promise<Bundle | undefined> => firstOf(named(db, idOrName))

/** As `findBundle`; what is found is not changed by others before this transaction ends. */
export const holdBundle = async (tx: Db, idOrName: string): Promise<Bundle | undefined> =>
  firstOf(holding(tx, named(tx, idOrName)))

const named = (db: Db, idOrName: string) =>
  db
    .selectFrom('policy_bundle')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))

const firstOf = async (query: ReturnType<typeof named>): Promise<Bundle | undefined> => {
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : toBundle(row)
}

/** Those with these ids. */
export const bundlesByIds = async (db: Db, ids: readonly string[]): Promise<readonly Bundle[]> => {
  if (ids.length === 0) return []
  return (await db.selectFrom('policy_bundle').selectAll().where('id', 'in', ids).execute()).map(toBundle)
}

/** All of them, for memory. */
export const allBundles = async (db: Db): Promise<readonly Bundle[]> =>
  (await db.selectFrom('policy_bundle').selectAll().orderBy('name').execute()).map(toBundle)

/** A page in the order of names. */
export const listBundles = async (db: Db, after: string | undefined, limit: number): Promise<readonly Bundle[]> => {
  const query = db.selectFrom('policy_bundle').selectAll().orderBy('name').limit(limit)
  return (await (after === undefined ? query : query.where('name', '>', after)).execute()).map(toBundle)
}

/** Writes a new one. */
export const insertBundle = async (db: Db, bundle: Bundle, now: Date): Promise<void> => {
  const at = now.getTime()
  await db
    .insertInto('policy_bundle')
    .values({ ...toRow(bundle), created_at: at, changed_at: at })
    .execute()
}

/** Writes one as it now is. */
export const updateBundle = async (db: Db, bundle: Bundle, now: Date): Promise<void> => {
  await db
    .updateTable('policy_bundle')
    .set({ ...toRow(bundle), changed_at: now.getTime() })
    .where('id', '=', bundle.id)
    .execute()
}

/** Removes one that nobody holds. */
export const deleteBundle = async (db: Db, id: string): Promise<void> => {
  await db.deleteFrom('policy_bundle').where('id', '=', id).execute()
}

const Matrix = z.array(z.object({ resource: z.string(), actions: z.array(z.string()) }))

const toBundle = (row: Selectable<PolicyTables['policy_bundle']>): Bundle => ({
  id: row.id,
  name: row.name,
  purpose: row.purpose,
  matrix: Matrix.parse(JSON.parse(row.matrix)),
})

const toRow = (bundle: Bundle) => ({
  id: bundle.id,
  name: bundle.name,
  purpose: bundle.purpose,
  matrix: JSON.stringify(bundle.matrix),
})

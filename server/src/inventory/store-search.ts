import { sql } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { MomentColumn, Place, RangeSought, SoughtColumn } from './domain/search.ts'
import type { InventoryTables } from './schema.ts'

type Db = Handle<InventoryTables>

/** Names under this term after this one: a range of the primary key (term, name). */
export const namesOfTerm = async (db: Db, term: string, after: string, limit: number): Promise<string[]> => {
  const rows = await db
    .selectFrom('inventory_identity_term')
    .select('name')
    .where('term', '=', term)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** How many names are under this term, counted no further than `max`. */
export const countOfTerm = async (db: Db, term: string, max: number): Promise<number> => {
  const some = db.selectFrom('inventory_identity_term').select('name').where('term', '=', term).limit(max).as('some')
  const row = await db
    .selectFrom(some)
    .select((eb) => eb.fn.countAll().as('found'))
    .executeTakeFirstOrThrow()
  return Number(row.found)
}

/** All names after this one (or from it on), up to but without `end`: a range of the unique index on the name. */
export const namesInOrder = async (
  db: Db,
  range: { readonly after: string } | { readonly from: string; readonly end: string },
  limit: number,
): Promise<string[]> => {
  let query = db.selectFrom('inventory_identity').select('name')
  query =
    'after' in range
      ? query.where('name', '>', range.after)
      : query.where('name', '>=', range.from).where('name', '<', range.end)
  const rows = await query.orderBy('name').limit(limit).execute()
  return rows.map((row) => row.name)
}

/**
 * Places after this one in the order of a moment, optionally within bounds: a range of the index (moment, name), or
 * for the last use of one owner's identities of (owner, moment, name).
 */
export const placesInOrder = async (
  db: Db,
  column: RangeSought['column'],
  within: {
    readonly from?: number | undefined
    readonly before?: number | undefined
    readonly owner?: string | undefined
  },
  after: Place,
  limit: number,
): Promise<Place[]> => {
  let query = db
    .selectFrom('inventory_identity')
    .select([`${column} as key`, 'name'])
    .where(sql<boolean>`(${sql.ref(column)}, name) > (${after.key}, ${after.name})`)
  if (within.from !== undefined) query = query.where(column, '>=', within.from)
  if (within.before !== undefined) query = query.where(column, '<', within.before)
  if (within.owner !== undefined) query = query.where('owner_id', '=', within.owner)
  return query.orderBy(column).orderBy('name').limit(limit).execute()
}

/** Those of the names that are under this term. */
export const namesUnderTerm = async (db: Db, term: string, names: readonly string[]): Promise<ReadonlySet<string>> => {
  if (names.length === 0) return new Set()
  const rows = await db
    .selectFrom('inventory_identity_term')
    .select('name')
    .where('term', '=', term)
    .where('name', 'in', names)
    .execute()
  return new Set(rows.map((row) => row.name))
}

/** Names under this term from the first to the last, both included: a range of the primary key (term, name). */
export const namesOfTermBetween = async (
  db: Db,
  term: string,
  between: { readonly first: string; readonly last: string },
  limit: number,
): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('inventory_identity_term')
    .select('name')
    .where('term', '=', term)
    .where('name', '>=', between.first)
    .where('name', '<=', between.last)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** The moments of the identities with these names. */
export const momentsOf = async (
  db: Db,
  names: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<MomentColumn, number>>>> => {
  if (names.length === 0) return new Map()
  const rows = await db
    .selectFrom('inventory_identity')
    .select(['name', 'used_at', 'expires_at', 'review_at', 'created_at'])
    .where('name', 'in', names)
    .execute()
  return new Map(rows.map((row) => [row.name, row]))
}

/** Those of the names whose row has these values, and its moments within these bounds. */
export const namesWithRow = async (
  db: Db,
  names: readonly string[],
  row: {
    readonly columns: readonly { readonly name: SoughtColumn; readonly value: string }[]
    readonly ranges: readonly RangeSought[]
  },
): Promise<ReadonlySet<string>> => {
  if (names.length === 0) return new Set()
  let query = db.selectFrom('inventory_identity').select('name').where('name', 'in', names)
  // As expressions, so that the names lead: an index of such a column may hold a tenth of the register.
  for (const { name, value } of row.columns) query = query.where(sql<boolean>`${sql.ref(name)} || '' = ${value}`)
  for (const { column, from, before } of row.ranges) {
    if (from !== undefined) query = query.where(sql<boolean>`${sql.ref(column)} + 0 >= ${from}`)
    if (before !== undefined) query = query.where(sql<boolean>`${sql.ref(column)} + 0 < ${before}`)
  }
  return new Set((await query.execute()).map((each) => each.name))
}

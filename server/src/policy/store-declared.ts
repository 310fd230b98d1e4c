import type { Selectable } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** An object as a directory declared it when it was last applied. */
export interface Declared {
  readonly directory: string
  readonly type: string
  readonly name: string
  /** The object's id, where it has one. */
  readonly object: string | null
  /** Of what was declared. */
  readonly digest: string
  /** Whether the directory made it, rather than finding it there: only then is it the directory's to end. */
  readonly isCreated: boolean
}

/** What every directory declares. */
export const allDeclared = async (db: Db): Promise<readonly Declared[]> => {
  const query = db.selectFrom('policy_declared').selectAll().orderBy('directory').orderBy('type').orderBy('name')
  return (await query.execute()).map(toDeclared)
}

/** A page of it, of one directory or of all. The primary key serves it. */
export const declaredPage = async (
  db: Db,
  page: {
    readonly directory: string | undefined
    /** The directory, type and name of the last one before the page. */
    readonly after: readonly [string, string, string] | undefined
    readonly limit: number
  },
): Promise<readonly Declared[]> => {
  let query = db.selectFrom('policy_declared').selectAll()
  if (page.directory !== undefined) query = query.where('directory', '=', page.directory)
  if (page.after !== undefined) {
    const [directory, type, name] = page.after
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('directory', 'type', 'name'), '>', tuple(directory, type, name)),
    )
  }
  const rows = await query.orderBy('directory').orderBy('type').orderBy('name').limit(page.limit).execute()
  return rows.map(toDeclared)
}

const toDeclared = (row: Selectable<PolicyTables['policy_declared']>): Declared => ({
  directory: row.directory,
  type: row.type,
  name: row.name,
  object: row.object,
  digest: row.digest,
  isCreated: row.is_created === 1,
})

const ROWS_MAX = 200

/** Puts what a directory declares now in the place of what it declared before. */
export const keepDeclared = async (
  db: Db,
  directory: string,
  declared: readonly Declared[],
  now: Date,
): Promise<void> => {
  await db.deleteFrom('policy_declared').where('directory', '=', directory).execute()
  for (let at = 0; at < declared.length; at += ROWS_MAX) {
    const rows = declared.slice(at, at + ROWS_MAX).map(({ isCreated, ...rest }) => ({
      ...rest,
      is_created: isCreated ? 1 : 0,
      at: now.getTime(),
    }))
    await db.insertInto('policy_declared').values(rows).execute()
  }
}

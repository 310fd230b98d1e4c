import { PostgresAdapter, sql } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { PolicyText } from './domain/policy-set.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** The stored policy texts in the order of their names. */
export const allTexts = async (db: Db): Promise<readonly PolicyText[]> => {
  const query = db.selectFrom('policy_text').select(['name', 'file', 'text', 'directory'])
  return await query.orderBy('name').execute()
}

/** Keeps other transactions from changing the texts until this one ends; they are read as before. */
export const holdTexts = async (tx: Db): Promise<void> => {
  // On SQLite nobody else writes while a transaction is open.
  if (tx.getExecutor().adapter instanceof PostgresAdapter)
    await sql`lock table policy_text in share row exclusive mode`.execute(tx)
}

/** The text of this name. */
export const findText = async (db: Db, name: string): Promise<PolicyText | undefined> => {
  const query = db.selectFrom('policy_text').select(['name', 'file', 'text', 'directory'])
  return await query.where('name', '=', name).executeTakeFirst()
}

/** Stores a text under its name, in place of the one that was there. */
export const putText = async (db: Db, text: PolicyText, now: Date): Promise<void> => {
  const row = { ...text, changed_at: now.getTime() }
  await db
    .insertInto('policy_text')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute()
}

/** Removes the text of this name. */
export const removeText = async (db: Db, name: string): Promise<void> => {
  await db.deleteFrom('policy_text').where('name', '=', name).execute()
}

/** Keeps a revision of the whole set: what decisions name, and what a restart falls back on. */
export const keepRevision = async (
  db: Db,
  revision: string,
  texts: readonly PolicyText[],
  given: { now: Date; by: string | null },
): Promise<void> => {
  const at = given.now.getTime()
  await db
    .insertInto('policy_revision')
    .values({ revision, body: JSON.stringify(texts), at, by: given.by })
    // A set that comes back is the newest again.
    .onConflict((conflict) => conflict.column('revision').doUpdateSet({ at, by: given.by }))
    .execute()
}

/** The texts of one revision. */
export const textsOfRevision = async (db: Db, revision: string): Promise<readonly PolicyText[] | undefined> => {
  const query = db.selectFrom('policy_revision').select('body').where('revision', '=', revision)
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : Texts.parse(JSON.parse(row.body))
}

/** The texts of the newest revision: the last set that was found valid. */
export const newestRevision = async (db: Db): Promise<readonly PolicyText[] | undefined> => {
  const query = db.selectFrom('policy_revision').select('body').orderBy('at', 'desc').limit(1)
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : Texts.parse(JSON.parse(row.body))
}

const Texts = z.array(
  z.object({ name: z.string(), file: z.string(), text: z.string(), directory: z.string().nullable() }),
)

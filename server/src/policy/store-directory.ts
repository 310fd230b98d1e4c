import type { Handle } from '../kit/database.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** With how many tests a directory was last applied; none where it never was. */
export const testsInForce = async (db: Db, name: string): Promise<number> =>
  (await db.selectFrom('policy_directory').select('tests').where('name', '=', name).executeTakeFirst())?.tests ?? 0

/** Whether a directory of this name was ever applied. */
export const wasApplied = async (db: Db, name: string): Promise<boolean> =>
  (await db.selectFrom('policy_directory').select('name').where('name', '=', name).executeTakeFirst()) !== undefined

/** Keeps with how many tests a directory was applied. */
export const keepTests = async (tx: Db, name: string, tests: number): Promise<void> => {
  await tx
    .insertInto('policy_directory')
    .values({ name, tests })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ tests }))
    .execute()
}

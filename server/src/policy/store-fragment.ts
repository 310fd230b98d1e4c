import type { Selectable } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { PolicyTables } from './schema.ts'
import { FragmentInput } from './shapes-fragment.ts'

type Db = Handle<PolicyTables>

/** What a fragment may declare, and the directory that lists it. */
export interface Fragment extends FragmentInput {
  readonly directory: string
}

/** All of them in the order of their names. */
export const allFragments = async (db: Db): Promise<readonly Fragment[]> =>
  (await db.selectFrom('policy_fragment').selectAll().orderBy('name').execute()).map(toFragment)

/** The fragment of this name. */
export const findFragment = async (db: Db, name: string): Promise<Fragment | undefined> => {
  const row = await db.selectFrom('policy_fragment').selectAll().where('name', '=', name).executeTakeFirst()
  return row === undefined ? undefined : toFragment(row)
}

/** Stores one under its name, in place of the one that was there. */
export const putFragment = async (db: Db, { directory, ...scope }: Fragment, now: Date): Promise<void> => {
  const row = { name: scope.name, directory, body: JSON.stringify(scope), changed_at: now.getTime() }
  await db
    .insertInto('policy_fragment')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute()
}

/** Removes the one of this name. */
export const removeFragment = async (db: Db, name: string): Promise<void> => {
  await db.deleteFrom('policy_fragment').where('name', '=', name).execute()
}

const toFragment = ({ directory, body }: Selectable<PolicyTables['policy_fragment']>): Fragment => ({
  ...FragmentInput.parse(JSON.parse(body)),
  directory,
})

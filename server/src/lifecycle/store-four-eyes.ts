import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { LifecycleTables } from './schema.ts'

const ROW = 'reeve'

/**
 * Whether it takes two people to give or take the role of an approver or admin.
 * INVARIANT: the update that changes nothing takes the row's lock on PostgreSQL, until this transaction ends, so that of
 * two who change who decides at once, the second one sees what the first one did.
 */
export const holdFourEyes = async (tx: Transaction<LifecycleTables>): Promise<boolean> => {
  const { since } = await tx
    .insertInto('lifecycle_four_eyes')
    .values({ id: ROW, since: null })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ id: ROW }))
    .returning('since')
    .executeTakeFirstOrThrow()
  return since !== null
}

/** The same, for who changes nothing. */
export const isFourEyes = async (db: Handle<LifecycleTables>): Promise<boolean> => {
  const row = await db.selectFrom('lifecycle_four_eyes').select('since').where('id', '=', ROW).executeTakeFirst()
  return row !== undefined && row.since !== null
}

/** From now on it takes two, for good: nothing sets this back. */
export const beginFourEyes = async (tx: Transaction<LifecycleTables>, now: Date): Promise<void> => {
  await tx
    .updateTable('lifecycle_four_eyes')
    .set({ since: now.getTime() })
    .where('id', '=', ROW)
    .where('since', 'is', null)
    .execute()
}

/** How many active people are approvers or admins of everything: each of them may approve a change of roles. */
export const countDeciders = async (db: Handle<LifecycleTables>): Promise<number> => {
  const rows = await db
    .selectFrom('lifecycle_person_role')
    .innerJoin('lifecycle_person', 'lifecycle_person.id', 'lifecycle_person_role.person')
    .select('lifecycle_person.id')
    .distinct()
    .where('lifecycle_person_role.role', 'in', ['approver', 'admin'])
    .where('lifecycle_person_role.team', '=', '')
    .where('lifecycle_person.state', '=', 'active')
    .execute()
  return rows.length
}

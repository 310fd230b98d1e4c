import type { Transaction } from 'kysely'
import { z } from 'zod'
import { ROLES, type Role } from './domain/role.ts'
import type { LifecycleTables } from './schema.ts'

/** An enrolment code as it is stored. */
export interface Code {
  readonly id: string
  readonly slot: string | null
  readonly roles: readonly Role[]
  readonly createdBy: string | null
  readonly expiresAt: Date
  readonly usedAt: Date | null
}

const Roles = z.array(z.object({ role: z.enum(ROLES), team: z.string().nullable() }))

/** Keeps a code by its hash. A code with a slot replaces the one that had it. */
export const putCode = async (
  tx: Transaction<LifecycleTables>,
  code: {
    hash: string
    id: string
    slot: string | null
    roles: readonly Role[]
    createdBy: string | null
    now: Date
    expiresAt: Date
  },
): Promise<void> => {
  const row = {
    hash: code.hash,
    id: code.id,
    roles: JSON.stringify(code.roles),
    created_by: code.createdBy,
    created_at: code.now.getTime(),
    expires_at: code.expiresAt.getTime(),
    used_at: null,
    used_by: null,
  }
  await tx
    .insertInto('lifecycle_code')
    .values({ ...row, slot: code.slot })
    .onConflict((conflict) => conflict.column('slot').doUpdateSet(row))
    .execute()
}

/** Uses the code, once (design rule 10): the one conditional write of all who race gets it. */
export const spendCode = async (
  tx: Transaction<LifecycleTables>,
  hash: string,
  by: string,
  now: Date,
): Promise<Code | undefined> => {
  const row = await tx
    .updateTable('lifecycle_code')
    .set({ used_at: now.getTime(), used_by: by })
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now.getTime())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toCode(row)
}

/** The code with this hash, whatever became of it. */
export const findCode = async (tx: Transaction<LifecycleTables>, hash: string): Promise<Code | undefined> => {
  const row = await tx.selectFrom('lifecycle_code').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row === undefined ? undefined : toCode(row)
}

/** Takes back the invitations of somebody that nobody used yet. */
export const voidCodesOf = async (tx: Transaction<LifecycleTables>, person: string): Promise<void> => {
  await tx.deleteFrom('lifecycle_code').where('created_by', '=', person).where('used_at', 'is', null).execute()
}

/** Forgets codes that expired before this moment. */
export const sweepCodes = async (tx: Transaction<LifecycleTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('lifecycle_code').where('expires_at', '<', before.getTime()).execute()
}

const toCode = (row: {
  id: string
  slot: string | null
  roles: string
  created_by: string | null
  expires_at: number
  used_at: number | null
}): Code => ({
  id: row.id,
  slot: row.slot,
  roles: Roles.parse(JSON.parse(row.roles)),
  createdBy: row.created_by,
  expiresAt: new Date(row.expires_at),
  usedAt: row.used_at === null ? null : new Date(row.used_at),
})

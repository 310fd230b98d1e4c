import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { MODE_KINDS, type ModeKind, type ReportOnly } from './domain/policy-set.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** Everything that is report-only. */
export const allModes = async (db: Db): Promise<readonly ReportOnly[]> =>
  (await db.selectFrom('policy_mode').selectAll().orderBy('kind').orderBy('target').execute()).map(toMode)

/** A page in the order of kinds and targets. */
export const listModes = async (
  db: Db,
  after: { kind: string; target: string } | undefined,
  limit: number,
): Promise<readonly ReportOnly[]> => {
  const query = db.selectFrom('policy_mode').selectAll().orderBy('kind').orderBy('target').limit(limit)
  const rows =
    after === undefined
      ? query
      : query.where((eb) =>
          eb.or([eb('kind', '>', after.kind), eb.and([eb('kind', '=', after.kind), eb('target', '>', after.target)])]),
        )
  return (await rows.execute()).map(toMode)
}

/** Makes something report-only; if it was, since when stays. */
export const putMode = async (db: Db, mode: ReportOnly): Promise<void> => {
  const { kind, target, reason, by } = mode
  const expires_at = mode.expiresAt.getTime()
  await db
    .insertInto('policy_mode')
    .values({ kind, target, reason, since: mode.since.getTime(), expires_at, by })
    .onConflict((conflict) => conflict.columns(['kind', 'target']).doUpdateSet({ reason, expires_at, by }))
    .execute()
}

/** What was to be report-only until now or before; the whole table is small. */
export const overdueModes = async (db: Db, now: Date): Promise<readonly ReportOnly[]> =>
  (await allModes(db)).filter(({ expiresAt }) => expiresAt <= now)

/** Enforces it again; what it was, if it was report-only. */
export const removeMode = async (db: Db, kind: ModeKind, target: string): Promise<ReportOnly | undefined> => {
  const query = db.deleteFrom('policy_mode').where('kind', '=', kind).where('target', '=', target).returningAll()
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : toMode(row)
}

const toMode = (row: Selectable<PolicyTables['policy_mode']>): ReportOnly => ({
  kind: z.enum(MODE_KINDS).parse(row.kind),
  target: row.target,
  reason: row.reason,
  since: new Date(row.since),
  expiresAt: new Date(row.expires_at),
  by: row.by,
})

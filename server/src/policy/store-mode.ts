import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import { MODE_KINDS, type ModeKind, type ReportOnly } from './domain/policy-set.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** Everything that is report-only. */
export const allModes = async (db: Db): Promise<readonly ReportOnly[]> =>
  (await db.selectFrom('policy_mode').selectAll().orderBy('kind').orderBy('target').execute()).map(toMode)

/** A page in the order of kinds and targets. */
export const listModes = (db: Db, scope: Scope, page: ModePage): Promise<readonly ReportOnly[]> =>
  readParts(scope, { limit: page.limit, isBefore }, (team) => partOf(db, team, page))

interface ModePage {
  readonly after: { readonly kind: string; readonly target: string } | undefined
  readonly limit: number
}

const isBefore = (one: ReportOnly, other: ReportOnly): boolean =>
  one.kind === other.kind ? one.target < other.target : one.kind < other.kind

// A team's part is served by policy_mode_team.
const partOf = async (db: Db, team: string | undefined, { after, limit }: ModePage): Promise<readonly ReportOnly[]> => {
  let query = db.selectFrom('policy_mode').selectAll().orderBy('kind').orderBy('target').limit(limit)
  if (team !== undefined) query = query.where('team', '=', team)
  if (after !== undefined)
    query = query.where((eb) =>
      eb.or([eb('kind', '>', after.kind), eb.and([eb('kind', '=', after.kind), eb('target', '>', after.target)])]),
    )
  return (await query.execute()).map(toMode)
}

/** Gives what is report-only of an identity or a resource to its new team. */
export const giveModes = async (db: Db, kind: ModeKind, target: string, team: string | null): Promise<void> => {
  await db.updateTable('policy_mode').set({ team }).where('kind', '=', kind).where('target', '=', target).execute()
}

/** Makes something of this team report-only; if it was, since when stays. */
export const putMode = async (db: Db, mode: ReportOnly, team: string | null): Promise<void> => {
  const { kind, target, reason, by } = mode
  const expires_at = mode.expiresAt.getTime()
  await db
    .insertInto('policy_mode')
    .values({ kind, target, reason, since: mode.since.getTime(), expires_at, by, team })
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

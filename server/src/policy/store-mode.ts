import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import { MODE_KINDS, type ModeKind, type ReportOnly } from './domain/policy-set.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** Everything that is report-only. */
export const allModes = async (db: Db): Promise<readonly ReportOnly[]> =>
  inOrder([
    ...(await db.selectFrom('policy_mode').selectAll().execute()).map(toMode),
    ...(await db.selectFrom('policy_import_mode').selectAll().execute()).map(toImported),
  ])

/** A page in the order of kinds and targets. */
export const listModes = (db: Db, scope: Scope, page: ModePage): Promise<readonly ReportOnly[]> =>
  readParts(scope, { limit: page.limit, isBefore }, (team) => partOf(db, team, page))

interface ModePage {
  readonly after: { readonly kind: string; readonly target: string } | undefined
  readonly limit: number
}

const isBefore = (one: ReportOnly, other: ReportOnly): boolean =>
  one.kind === other.kind ? one.target < other.target : one.kind < other.kind

const inOrder = (modes: readonly ReportOnly[]): readonly ReportOnly[] =>
  modes.toSorted((one, other) => Number(isBefore(other, one)) - Number(isBefore(one, other)))

// A team's part is served by policy_mode_team and policy_import_mode_team; nothing stands in both tables.
const partOf = async (db: Db, team: string | undefined, { after, limit }: ModePage): Promise<readonly ReportOnly[]> => {
  const rowsOf = (table: 'policy_mode' | 'policy_import_mode') => {
    let query = db.selectFrom(table).selectAll().orderBy('kind').orderBy('target').limit(limit)
    if (team !== undefined) query = query.where('team', '=', team)
    if (after !== undefined)
      query = query.where((eb) =>
        eb.or([eb('kind', '>', after.kind), eb.and([eb('kind', '=', after.kind), eb('target', '>', after.target)])]),
      )
    return query.execute()
  }
  const imported = (await rowsOf('policy_import_mode')).map(toImported)
  return inOrder([...(await rowsOf('policy_mode')).map(toMode), ...imported]).slice(0, limit)
}

const TABLES = ['policy_mode', 'policy_import_mode'] as const

/** Gives what is report-only of an identity or a resource to its new team. */
export const giveModes = async (db: Db, kind: ModeKind, target: string, team: string | null): Promise<void> => {
  for (const table of TABLES)
    await db.updateTable(table).set({ team }).where('kind', '=', kind).where('target', '=', target).execute()
}

/** Makes something of this team report-only by the first import that `within` names; false where it is so already. */
export const putImported = async (
  db: Db,
  { within, ...mode }: ReportOnly & { readonly within: string },
  team: string | null,
): Promise<boolean> => {
  const { kind, target, reason, by } = mode
  const known = db.selectFrom('policy_mode').select('kind').where('kind', '=', kind).where('target', '=', target)
  if ((await known.executeTakeFirst()) !== undefined) return false
  const moments = { since: mode.since.getTime(), expires_at: mode.expiresAt.getTime() }
  const made = await db
    .insertInto('policy_import_mode')
    .values({ kind, target, directory: within, reason, ...moments, by, team })
    .onConflict((conflict) => conflict.columns(['kind', 'target']).doNothing())
    .returning('kind')
    .executeTakeFirst()
  return made !== undefined
}

/** Enforces all that the first import of a directory made report-only; what that was. */
export const removeImported = async (db: Db, directory: string): Promise<readonly ReportOnly[]> =>
  inOrder(
    (await db.deleteFrom('policy_import_mode').where('directory', '=', directory).returningAll().execute()).map(
      toImported,
    ),
  )

/** Makes something of this team report-only towards everything; if it was, since when stays. */
export const putMode = async (db: Db, mode: ReportOnly, team: string | null): Promise<void> => {
  const { kind, target, reason, by } = mode
  await db.deleteFrom('policy_import_mode').where('kind', '=', kind).where('target', '=', target).execute()
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
  if (row !== undefined) return toMode(row)
  const imported = await db
    .deleteFrom('policy_import_mode')
    .where('kind', '=', kind)
    .where('target', '=', target)
    .returningAll()
    .executeTakeFirst()
  return imported === undefined ? undefined : toImported(imported)
}

const toImported = (row: Selectable<PolicyTables['policy_import_mode']>): ReportOnly => ({
  ...toMode(row),
  within: row.directory,
})

const toMode = (row: Selectable<PolicyTables['policy_mode']>): ReportOnly => ({
  kind: z.enum(MODE_KINDS).parse(row.kind),
  target: row.target,
  reason: row.reason,
  since: new Date(row.since),
  expiresAt: new Date(row.expires_at),
  by: row.by,
  within: null,
})

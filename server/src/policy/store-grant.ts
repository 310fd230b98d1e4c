import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import { type Conditions, EXPIRED, type Grant, WEEKDAYS } from './domain/grant.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** By id, ended ones too. */
export const findGrant = async (db: Db, id: string): Promise<Grant | undefined> => {
  const row = await db.selectFrom('policy_grant').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toGrant(row)
}

/** The identity's grants that have not been ended. Index policy_grant_live. */
export const liveGrantsOf = async (db: Db, identity: string): Promise<readonly Grant[]> => {
  const query = db.selectFrom('policy_grant').selectAll().where('identity', '=', identity)
  return (await query.where('ended_at', 'is', null).orderBy('id').execute()).map(toGrant)
}

/** The same of each of these identities. Index policy_grant_live. */
export const liveGrantsOfAll = async (
  db: Db,
  identities: readonly string[],
): Promise<ReadonlyMap<string, readonly Grant[]>> => {
  if (identities.length === 0) return new Map()
  const query = db.selectFrom('policy_grant').selectAll().where('identity', 'in', identities)
  const rows = await query.where('ended_at', 'is', null).orderBy('id').execute()
  return Map.groupBy(rows.map(toGrant), ({ identity }) => identity)
}

/** Grants of an identity or a team that are live, or were since a moment. Indexes policy_grant_of, policy_grant_team. */
export const grantsSince = async (
  db: Db,
  about: { readonly identity: string } | { readonly team: string },
  since: Date,
): Promise<readonly Grant[]> => {
  const query = db.selectFrom('policy_grant').selectAll()
  const own = 'identity' in about ? query.where('identity', '=', about.identity) : query.where('team', '=', about.team)
  const isRecent = own.where((eb) => eb.or([eb('ended_at', 'is', null), eb('ended_at', '>=', since.getTime())]))
  return (await isRecent.orderBy('id').execute()).map(toGrant)
}

/** The identity's newest grants that are over because their expiry came since a moment. Index policy_grant_of. */
export const expiredGrantsOf = async (db: Db, identity: string, since: Date): Promise<readonly Grant[]> => {
  const query = db.selectFrom('policy_grant').selectAll().where('identity', '=', identity)
  const over = query.where('ended_reason', '=', EXPIRED).where('expires_at', '>=', since.getTime())
  return (await over.orderBy('id', 'desc').limit(EXPIRED_MAX).execute()).map(toGrant)
}

const EXPIRED_MAX = 100

/** All live grants, for what looks at the whole register. */
export const allLiveGrants = async (db: Db): Promise<readonly Grant[]> =>
  (await db.selectFrom('policy_grant').selectAll().where('ended_at', 'is', null).orderBy('id').execute()).map(toGrant)

/** Live grants that an applied directory declared. */
export const liveGrantsOfDirectory = async (db: Db, directory: string): Promise<readonly Grant[]> => {
  const query = db.selectFrom('policy_grant').selectAll().where('directory', '=', directory)
  return (await query.where('ended_at', 'is', null).orderBy('id').execute()).map(toGrant)
}

/** Live grants whose time is over, oldest first. Index policy_grant_expiry. */
export const overdueGrants = async (db: Db, now: Date, limit: number): Promise<readonly Grant[]> => {
  const query = db.selectFrom('policy_grant').selectAll().where('ended_at', 'is', null)
  const rows = await query.where('expires_at', '<=', now.getTime()).orderBy('expires_at').limit(limit).execute()
  return rows.map(toGrant)
}

/** The identities that hold a live grant of this bundle. */
export const holdersOfBundle = async (db: Db, bundle: string): Promise<readonly string[]> => {
  const query = db.selectFrom('policy_grant').select('identity').distinct().where('bundle', '=', bundle)
  return (await query.where('ended_at', 'is', null).orderBy('identity').execute()).map((row) => row.identity)
}

/** The identities that hold a live grant on this resource, by itself or through one of these bundles. */
export const holdersOfResource = async (
  db: Db,
  resource: string,
  bundles: readonly string[],
): Promise<readonly string[]> => {
  const query = db
    .selectFrom('policy_grant')
    .select('identity')
    .distinct()
    .where((eb) => eb.or([eb('resource', '=', resource), ...bundles.map((id) => eb('bundle', '=', id))]))
  return (await query.where('ended_at', 'is', null).orderBy('identity').execute()).map((row) => row.identity)
}

/** A page in the order of ids. */
export const listGrants = (db: Db, scope: Scope, page: GrantPage): Promise<readonly Grant[]> =>
  readParts(scope, { limit: page.limit, isBefore: byText(({ id }) => id) }, (team) => partOf(db, team, page))

interface GrantPage {
  readonly after: string | undefined
  readonly limit: number
  readonly identity?: string | undefined
  readonly resource?: string | undefined
  readonly bundle?: string | undefined
  readonly isLive: boolean
}

// A team's part is served by policy_grant_team.
const partOf = async (db: Db, team: string | undefined, page: GrantPage): Promise<readonly Grant[]> => {
  let query = db.selectFrom('policy_grant').selectAll()
  if (team !== undefined) query = query.where('team', '=', team)
  if (page.after !== undefined) query = query.where('id', '>', page.after)
  if (page.identity !== undefined) query = query.where('identity', '=', page.identity)
  if (page.resource !== undefined) query = query.where('resource', '=', page.resource)
  if (page.bundle !== undefined) query = query.where('bundle', '=', page.bundle)
  if (page.isLive) query = query.where('ended_at', 'is', null)
  return (await query.orderBy('id').limit(page.limit).execute()).map(toGrant)
}

/** Writes a new one, of an identity of this team. */
export const insertGrant = async (db: Db, grant: Grant, team: string): Promise<void> => {
  await db
    .insertInto('policy_grant')
    .values({ ...toRow(grant), team, created_at: grant.createdAt.getTime(), created_by: grant.createdBy })
    .execute()
}

/** Gives the grants of an identity to its new team. */
export const giveGrants = async (db: Db, identity: string, team: string): Promise<void> => {
  await db.updateTable('policy_grant').set({ team }).where('identity', '=', identity).execute()
}

/** Writes the terms of one as they now are. */
export const updateGrant = async (db: Db, grant: Grant): Promise<void> => {
  await db.updateTable('policy_grant').set(toRow(grant)).where('id', '=', grant.id).execute()
}

/** Ends one, once; says whether it was still live. */
export const endGrant = async (db: Db, id: string, reason: string, now: Date): Promise<boolean> => {
  const ended = await db
    .updateTable('policy_grant')
    .set({ ended_at: now.getTime(), ended_reason: reason })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute()
  return ended.length > 0
}

const Texts = z.array(z.string())
const CONDITIONS: Readonly<Record<string, z.ZodType>> = {
  sourceNetworks: Texts,
  credentialKinds: Texts,
  instances: Texts,
  regions: Texts,
  environments: Texts,
  pipelineStages: Texts,
  riskMax: z.number(),
  credentialAgeDaysMax: z.number(),
  timeWindow: z.strictObject({ from: z.string(), to: z.string(), days: z.array(z.enum(WEEKDAYS)).optional() }),
}

// What is not known is put aside, never left out. The names and shapes are those of `Conditions`.
const toConditions = (text: string): Conditions => {
  const stored = JSON.parse(text)
  const isRecord = typeof stored === 'object' && stored !== null && !Array.isArray(stored)
  const entries: readonly (readonly [string, unknown])[] = isRecord ? Object.entries(stored) : [['conditions', stored]]
  const isRead = ([name, value]: readonly [string, unknown]): boolean =>
    Object.hasOwn(CONDITIONS, name) && CONDITIONS[name]?.safeParse(value).success === true
  const unknown = entries.filter((entry) => !isRead(entry))
  // Made of entries, so that no name, `__proto__` neither, is lost by being set.
  const known = Object.fromEntries(entries.filter(isRead))
  return (unknown.length === 0 ? known : { ...known, unknown: Object.fromEntries(unknown) }) as Conditions
}

const conditionsText = ({ unknown, ...known }: Conditions): string => JSON.stringify({ ...known, ...unknown })

const toGrant = (row: Selectable<PolicyTables['policy_grant']>): Grant => ({
  id: row.id,
  identity: row.identity,
  name: row.name,
  gives:
    row.bundle === null
      ? { resource: row.resource ?? '', actions: Texts.parse(JSON.parse(row.actions)) }
      : { bundle: row.bundle },
  conditions: toConditions(row.conditions),
  expiresAt: new Date(row.expires_at),
  expiresText: row.expires_text,
  createdAt: new Date(row.created_at),
  createdBy: row.created_by,
  approval: row.approval,
  directory: row.directory,
  end: row.ended_at === null ? null : { at: new Date(row.ended_at), reason: row.ended_reason ?? '' },
})

const toRow = (grant: Grant) => ({
  id: grant.id,
  identity: grant.identity,
  name: grant.name,
  bundle: 'bundle' in grant.gives ? grant.gives.bundle : null,
  resource: 'bundle' in grant.gives ? null : grant.gives.resource,
  actions: JSON.stringify('bundle' in grant.gives ? [] : grant.gives.actions),
  conditions: conditionsText(grant.conditions),
  expires_at: grant.expiresAt.getTime(),
  expires_text: grant.expiresText,
  approval: grant.approval,
  directory: grant.directory,
  ended_at: grant.end?.at.getTime() ?? null,
  ended_reason: grant.end?.reason ?? null,
})

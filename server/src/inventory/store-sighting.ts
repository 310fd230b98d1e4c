import { sql } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import type { Sighting } from './domain/sighting.ts'
import type { InventoryTables, SightingRow } from './schema.ts'

type Db = Handle<InventoryTables>

/** A sighting by id. */
export const findSighting = async (db: Db, id: string): Promise<Sighting | undefined> => {
  const row = await db.selectFrom('inventory_sighting').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toSighting(row)
}

/** Files what was seen, nobody's at first: a stable key that is known is brought up to date, and stays with the identity that it is. */
export const fileSightings = async (tx: Db, seen: readonly Sighting[]): Promise<readonly Sighting[]> => {
  if (seen.length === 0) return []
  const rows = await tx
    .insertInto('inventory_sighting')
    .values(seen.map(toRow))
    .onConflict((conflict) =>
      conflict.column('stable_key').doUpdateSet((eb) => ({
        source: eb.ref('excluded.source'),
        kind: eb.ref('excluded.kind'),
        name: eb.ref('excluded.name'),
        environment: eb.ref('excluded.environment'),
        owner_hint: eb.ref('excluded.owner_hint'),
        is_owned: sql<number>`case when inventory_sighting.identity_id is null then excluded.is_owned else 1 end`,
        body: eb.ref('excluded.body'),
        last_seen_at: eb.ref('excluded.last_seen_at'),
      })),
    )
    .returningAll()
    .execute()
  return rows.map(toSighting)
}

/** Says which identity an unmanaged sighting is; false when it is managed already. */
export const manageSighting = async (
  tx: Db,
  id: string,
  identity: { readonly id: string; readonly ownerId: string },
): Promise<boolean> => {
  const row = await tx
    .updateTable('inventory_sighting')
    .set({ state: 'managed', identity_id: identity.id, is_owned: 1, team: identity.ownerId })
    .where('id', '=', id)
    .where('state', '=', 'unmanaged')
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Which of these identities were seen by a scan. */
export const seenByScans = async (db: Db, ids: readonly string[]): Promise<readonly string[]> => {
  if (ids.length === 0) return []
  const query = db.selectFrom('inventory_sighting').select('identity_id').distinct().where('identity_id', 'in', ids)
  const rows = await query.orderBy('identity_id').execute()
  return rows.flatMap(({ identity_id }) => identity_id ?? [])
}

/** Gives the sightings of an identity to its new team. */
export const giveSightings = async (tx: Db, identityId: string, team: string): Promise<void> => {
  await tx.updateTable('inventory_sighting').set({ team }).where('identity_id', '=', identityId).execute()
}

/** What a list of sightings may be narrowed to. */
export interface SightingFilter {
  readonly state?: Sighting['state'] | undefined
  readonly isUnowned?: boolean | undefined
  readonly source?: string | undefined
  readonly kind?: string | undefined
  readonly identityId?: string | undefined
}

/** Sightings by name, after this place; what is nobody's is common to all. */
export const listSightings = (
  db: Db,
  scope: Scope,
  filter: SightingFilter,
  page: SightingPage,
): Promise<readonly Sighting[]> =>
  readParts(scope, { limit: page.limit, isBefore, common: NOBODY }, (team) => partOf(db, team, filter, page))

interface SightingPage {
  readonly after: { readonly name: string; readonly id: string }
  readonly limit: number
}

const NOBODY = ''

const isBefore = (one: Sighting, other: Sighting): boolean =>
  one.name === other.name ? one.id < other.id : one.name < other.name

// A team's part, and that of nobody, are served by inventory_sighting_team.
const partOf = async (
  db: Db,
  team: string | undefined,
  filter: SightingFilter,
  { after, limit }: SightingPage,
): Promise<readonly Sighting[]> => {
  let query = db
    .selectFrom('inventory_sighting')
    .selectAll()
    .where(sql<boolean>`(name, id) > (${after.name}, ${after.id})`)
  if (team !== undefined) query = query.where('team', '=', team)
  // What has no owner is not managed either: naming the state lets the index (state, is_owned, name, id) serve it.
  const state = filter.isUnowned === true ? 'unmanaged' : filter.state
  if (state !== undefined) query = query.where('state', '=', state)
  if (filter.isUnowned !== undefined) query = query.where('is_owned', '=', filter.isUnowned ? 0 : 1)
  if (filter.source !== undefined) query = query.where('source', '=', filter.source)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.identityId !== undefined) query = query.where('identity_id', '=', filter.identityId)
  const rows = await query.orderBy('name').orderBy('id').limit(limit).execute()
  return rows.map(toSighting)
}

const toRow = (sighting: Sighting): SightingRow => ({
  id: sighting.id,
  stable_key: sighting.stableKey,
  source: sighting.source,
  kind: sighting.kind,
  name: sighting.name,
  state: sighting.state,
  identity_id: sighting.identityId,
  environment: sighting.environment,
  owner_hint: sighting.ownerHint === null ? null : JSON.stringify(sighting.ownerHint),
  is_owned: Number(sighting.ownerHint !== null || sighting.identityId !== null),
  team: NOBODY,
  body: JSON.stringify({
    repository: sighting.repository,
    places: sighting.places,
    reaches: sighting.reaches,
    evidence: sighting.evidence,
  }),
  first_seen_at: sighting.firstSeenAt.getTime(),
  last_seen_at: sighting.lastSeenAt.getTime(),
})

// INVARIANT: rows are written by toRow alone, from a Sighting, so their texts are that Sighting's values.
const toSighting = (row: SightingRow): Sighting => ({
  ...(JSON.parse(row.body) as Pick<Sighting, 'repository' | 'places' | 'reaches' | 'evidence'>),
  id: row.id,
  stableKey: row.stable_key,
  source: row.source,
  kind: row.kind as Sighting['kind'],
  name: row.name,
  state: row.state as Sighting['state'],
  identityId: row.identity_id,
  environment: row.environment,
  ownerHint: row.owner_hint === null ? null : JSON.parse(row.owner_hint),
  firstSeenAt: new Date(row.first_seen_at),
  lastSeenAt: new Date(row.last_seen_at),
})

import { sql } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import type { Seen, Sighting } from './domain/sighting.ts'
import type { InventoryTables, SightingRow } from './schema.ts'

type Db = Handle<InventoryTables>

/** A sighting by id. */
export const findSighting = async (db: Db, id: string): Promise<Sighting | undefined> => {
  const row = await db.selectFrom('inventory_sighting').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toSighting(row)
}

/** These sightings, by name. */
export const sightingsOf = async (db: Db, ids: readonly string[]): Promise<readonly Sighting[]> => {
  if (ids.length === 0) return []
  const query = db.selectFrom('inventory_sighting').selectAll().where('id', 'in', ids)
  return (await query.orderBy('name').orderBy('id').execute()).map(toSighting)
}

/** These sightings, by id, however many. */
export const sightingsById = async (db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, Sighting>> => {
  const found = new Map<string, Sighting>()
  const once = [...new Set(ids)]
  for (let start = 0; start < once.length; start += IDS_MAX) {
    const query = db
      .selectFrom('inventory_sighting')
      .selectAll()
      .where('id', 'in', once.slice(start, start + IDS_MAX))
    for (const row of await query.execute()) found.set(row.id, toSighting(row))
  }
  return found
}

const IDS_MAX = 5_000

/** The sightings of an identity, by name; at most `limit`. Index inventory_sighting_identity. */
export const sightingsOfIdentity = async (db: Db, identityId: string, limit: number): Promise<readonly Sighting[]> => {
  const query = db.selectFrom('inventory_sighting').selectAll().where('identity_id', '=', identityId)
  return (await query.orderBy('name').orderBy('id').limit(limit).execute()).map(toSighting)
}

/** The first sightings of each of these identities, by identity; at most `limit` of each. Index inventory_sighting_identity. */
export const sightingsOfAll = async (
  db: Db,
  identityIds: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, readonly Sighting[]>> => {
  if (identityIds.length === 0) return new Map()
  const numbered = db
    .selectFrom('inventory_sighting')
    .selectAll()
    .select(sql<number>`row_number() over (partition by identity_id order by name, id)`.as('place'))
    .where('identity_id', 'in', identityIds)
  const rows = await db.selectFrom(numbered.as('s')).selectAll().where('place', '<=', limit).orderBy('place').execute()
  return Map.groupBy(rows.map(toSighting), ({ identityId }) => identityId ?? '')
}

/** Which identities the sightings with these stable keys are, by key. */
export const identitiesSighted = async (
  db: Db,
  stableKeys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (let start = 0; start < stableKeys.length; start += KEYS_MAX) {
    const query = db.selectFrom('inventory_sighting').select(['stable_key', 'identity_id'])
    const rows = await query.where('stable_key', 'in', stableKeys.slice(start, start + KEYS_MAX)).execute()
    for (const row of rows) if (row.identity_id !== null) found.set(row.stable_key, row.identity_id)
  }
  return found
}

// One parameter a key; well below the 32,766 that SQLite allows in a statement.
const KEYS_MAX = 1000

/** The sightings after this id, in the order of ids. */
export const sightingsAfter = async (db: Db, afterId: string, limit: number): Promise<readonly Sighting[]> => {
  const query = db.selectFrom('inventory_sighting').selectAll().where('id', '>', afterId)
  return (await query.orderBy('id').limit(limit).execute()).map(toSighting)
}

/** Says which identity an unmanaged sighting is; false when it is managed already. */
export const manageSighting = async (
  tx: Db,
  id: string,
  identity: { readonly id: string; readonly ownerId: string },
): Promise<boolean> => {
  const row = await tx
    .updateTable('inventory_sighting')
    .set({ state: 'managed', identity_id: identity.id, is_owned: 1, team: identity.ownerId, apart_from: null })
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

/** Takes a sighting from its identity, which it is never joined to again by itself; false when it is not of that. */
export const splitSighting = async (tx: Db, id: string, identityId: string): Promise<boolean> => {
  const row = await tx
    .updateTable('inventory_sighting')
    .set({
      state: 'unmanaged',
      identity_id: null,
      apart_from: identityId,
      team: NOBODY,
      is_owned: sql<number>`case when owner_hint is null then 0 else 1 end`,
    })
    .where('id', '=', id)
    .where('identity_id', '=', identityId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Gives every sighting of one identity to another. Returns how many. */
export const moveSightings = async (
  tx: Db,
  from: string,
  to: { readonly id: string; readonly ownerId: string },
): Promise<number> => {
  const moved = await tx
    .updateTable('inventory_sighting')
    .set({ identity_id: to.id, team: to.ownerId })
    .where('identity_id', '=', from)
    .returning('id')
    .execute()
  return moved.length
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
  readonly isGone?: boolean | undefined
}

/** Sightings by name, after this place; what is nobody's is common to all. */
export const listSightings = (
  db: Db,
  scope: Scope,
  filter: SightingFilter,
  page: SightingPage,
): Promise<readonly Sighting[]> =>
  readParts(scope, { limit: page.limit, isBefore, common: NOBODY }, (team) => partOf(db, team, filter, page))

/** Where a page of a list by name begins, and how long it is. */
export interface SightingPage {
  readonly after: { readonly name: string; readonly id: string }
  readonly limit: number
}

/** The team of what is nobody's. */
export const NOBODY = ''

/** The order of lists of sightings. */
export const isBefore = (one: Sighting, other: Sighting): boolean =>
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
  if (filter.isGone !== undefined) query = query.where('gone_at', filter.isGone ? 'is not' : 'is', null)
  const rows = await query.orderBy('name').orderBy('id').limit(limit).execute()
  return rows.map(toSighting)
}

/** Living sightings that are nobody's and that a rule fits, by name. Index inventory_sighting_state leads. */
export const unmanagedWhere = async (
  db: Db,
  rule: {
    readonly source?: string | undefined
    readonly kind?: string | undefined
    readonly environment?: string | undefined
    readonly repository?: string | undefined
    readonly ownerHint?: string | undefined
    readonly nameBegins?: string | undefined
  },
  limit: number,
): Promise<readonly Sighting[]> => {
  let query = db
    .selectFrom('inventory_sighting')
    .selectAll()
    .where('state', '=', 'unmanaged')
    .where('gone_at', 'is', null)
  if (rule.source !== undefined) query = query.where('source', '=', rule.source)
  if (rule.kind !== undefined) query = query.where('kind', '=', rule.kind)
  if (rule.environment !== undefined) query = query.where('environment', '=', rule.environment)
  if (rule.nameBegins !== undefined)
    query = query.where(sql<boolean>`substr(name, 1, ${rule.nameBegins.length}) = ${rule.nameBegins}`)
  const found: Sighting[] = []
  // What is in the body, or in a guess, is looked at here; page by page, so that a rule that fits little stays bounded.
  for (let after = { name: '', id: '' }; found.length < limit; ) {
    const page = query.where(sql<boolean>`(name, id) > (${after.name}, ${after.id})`).orderBy('name').orderBy('id')
    const rows = (await page.limit(RULE_PAGE).execute()).map(toSighting)
    const fits = rows.filter(
      ({ repository, ownerHint }) =>
        (rule.repository === undefined || repository === rule.repository) &&
        (rule.ownerHint === undefined || ownerHint?.value === rule.ownerHint),
    )
    found.push(...fits)
    const last = rows.at(-1)
    if (last === undefined || rows.length < RULE_PAGE) break
    after = { name: last.name, id: last.id }
  }
  return found.slice(0, limit)
}

const RULE_PAGE = 500

/** What is kept of a sighting as one text. */
export const bodyOf = ({ source, kind, name, environment, ownerHint, ...rest }: Seen): string => JSON.stringify(rest)

const Place = z.object({ path: z.string(), line: z.number(), repository: z.string(), inRepository: z.string() })

// Until places were kept whole they were texts.
const PlaceKept = z.union([
  Place,
  z.string().transform((text) => {
    const at = text.lastIndexOf(':')
    return { path: text.slice(0, at), line: Number(text.slice(at + 1)), repository: '', inRepository: '' }
  }),
])

// INVARIANT: rows are written by writeSightings alone, from a Seen, so their texts are that one's values.
/** A sighting as its row says. */
export const toSighting = (row: SightingRow): Sighting => {
  const body = JSON.parse(row.body) as Omit<Seen, 'places'> & { places: unknown[] }
  return {
    source: row.source,
    kind: row.kind as Sighting['kind'],
    name: row.name,
    environment: row.environment,
    ownerHint: row.owner_hint === null ? null : JSON.parse(row.owner_hint),
    repository: body.repository,
    places: body.places.map((place) => PlaceKept.parse(place)),
    reaches: body.reaches,
    evidence: body.evidence,
    // Not in what was written before they were kept.
    traits: body.traits ?? [],
    keys: body.keys ?? [],
    creator: body.creator ?? null,
    id: row.id,
    stableKey: row.stable_key,
    state: row.state as Sighting['state'],
    identityId: row.identity_id,
    apartFrom: row.apart_from,
    isDeclared: row.is_declared === 1,
    isLive: row.is_live === 1,
    isJudged: row.is_judged === 1,
    goneAt: row.gone_at === null ? null : new Date(row.gone_at),
    firstSeenAt: new Date(row.first_seen_at),
    lastSeenAt: new Date(row.last_seen_at),
  }
}

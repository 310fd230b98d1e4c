import { sql } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import type { InventoryTables } from './schema.ts'
import { NOBODY } from './store-sighting.ts'

type Db = Handle<InventoryTables>

/** A secret that was seen, by its salted fingerprint, and where it lies; the secret itself is nowhere. */
export interface SeenSecret {
  readonly id: string
  readonly type: string
  readonly provider: string
  readonly fingerprint: string
  readonly saltId: string
  readonly tail: string
  readonly firstSeenAt: Date
  readonly locations: readonly SecretLocation[]
}

/** One place of a secret, and the sighting that has it there. */
export interface SecretLocation {
  readonly place: string
  readonly sighting: string
  readonly name: string
  readonly identity: string | null
}

const LOCATIONS_MAX = 100

/** Secrets by id, after this one; of each the locations that the scope lets be seen. */
export const listSecrets = async (
  db: Db,
  scope: Scope,
  page: { readonly after: string; readonly limit: number; readonly identityId?: string | undefined },
): Promise<readonly SeenSecret[]> => {
  const rows = await readParts(
    scope,
    { limit: page.limit, isBefore: byText<SecretRow>(({ id }) => id), common: NOBODY },
    (team) => partOf(db, team, page),
  )
  return withLocations(db, scope, rows)
}

type SecretRow = InventoryTables['inventory_secret']

// By the key of the table; whether a secret is anybody's here is looked up by the key of its places.
const partOf = async (
  db: Db,
  team: string | undefined,
  {
    after,
    limit,
    identityId,
  }: { readonly after: string; readonly limit: number; readonly identityId?: string | undefined },
): Promise<readonly SecretRow[]> => {
  const owned = [
    ...(team === undefined ? [] : [sql`s.team = ${team}`]),
    ...(identityId === undefined ? [] : [sql`s.identity_id = ${identityId}`]),
  ]
  let query = db.selectFrom('inventory_secret').selectAll().where('id', '>', after)
  query = query.where(
    sql<boolean>`exists (select 1 from inventory_secret_place p join inventory_sighting s on s.id = p.sighting_id
      where p.secret_id = inventory_secret.id and s.gone_at is null ${owned.length === 0 ? sql`` : sql`and ${sql.join(owned, sql` and `)}`})`,
  )
  return query.orderBy('id').limit(limit).execute()
}

const withLocations = async (db: Db, scope: Scope, rows: readonly SecretRow[]): Promise<readonly SeenSecret[]> => {
  const seen: SeenSecret[] = []
  for (const row of rows) {
    let query = db
      .selectFrom('inventory_secret_place')
      .innerJoin('inventory_sighting', 'inventory_sighting.id', 'inventory_secret_place.sighting_id')
      .select(['place', 'sighting_id', 'name', 'identity_id'])
      .where('secret_id', '=', row.id)
      .where('gone_at', 'is', null)
    if (!scope.all) query = query.where('team', 'in', [...scope.teams, NOBODY])
    const places = await query.orderBy('sighting_id').orderBy('place').limit(LOCATIONS_MAX).execute()
    seen.push({
      id: row.id,
      type: row.type,
      provider: row.provider,
      fingerprint: row.fingerprint,
      saltId: row.salt_id,
      tail: row.tail,
      firstSeenAt: new Date(row.first_seen_at),
      locations: places.map((each) => ({
        place: each.place,
        sighting: each.sighting_id,
        name: each.name,
        identity: each.identity_id,
      })),
    })
  }
  return seen
}

/** Secrets that several sightings have, by id, after this one: each with those sightings. */
export const sharedSecrets = async (
  db: Db,
  after: string,
  limit: number,
): Promise<readonly { readonly id: string; readonly sightings: readonly string[] }[]> => {
  const { rows } = await sql<{ secret_id: string }>`select p.secret_id from inventory_secret_place p
    join inventory_sighting s on s.id = p.sighting_id
    where p.secret_id > ${after} and s.gone_at is null
    group by p.secret_id having count(distinct p.sighting_id) > 1 order by p.secret_id limit ${limit}`.execute(db)
  if (rows.length === 0) return []
  const numbered = db
    .selectFrom('inventory_secret_place')
    .innerJoin('inventory_sighting', 'inventory_sighting.id', 'inventory_secret_place.sighting_id')
    .select(['secret_id', 'sighting_id'])
    .select(sql<number>`dense_rank() over (partition by secret_id order by sighting_id)`.as('nth'))
    .where(
      'secret_id',
      'in',
      rows.map(({ secret_id }) => secret_id),
    )
    .where('gone_at', 'is', null)
  const places = await db
    .selectFrom(numbered.as('p'))
    .select(['secret_id', 'sighting_id'])
    .distinct()
    .where('nth', '<=', LOCATIONS_MAX)
    .orderBy('sighting_id')
    .execute()
  const bySecret = Map.groupBy(places, ({ secret_id }) => secret_id)
  return rows.map(({ secret_id: id }) => ({
    id,
    sightings: (bySecret.get(id) ?? []).map(({ sighting_id }) => sighting_id),
  }))
}

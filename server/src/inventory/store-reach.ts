import type { Handle } from '../kit/database.ts'
import type { Sighting } from './domain/sighting.ts'
import type { InventoryTables } from './schema.ts'
import { sightingsOf } from './store-sighting.ts'

type Db = Handle<InventoryTables>

/** Sightings that reach something of one of these names. By the key of inventory_reach. */
export const sightingsReaching = async (
  db: Db,
  names: readonly string[],
  limit: number,
): Promise<readonly Sighting[]> => {
  if (names.length === 0) return []
  const query = db.selectFrom('inventory_reach').select('sighting_id').distinct().where('what', 'in', names)
  const rows = await query.orderBy('sighting_id').limit(limit).execute()
  return living(
    db,
    rows.map(({ sighting_id }) => sighting_id),
  )
}

/** Other sightings that have a secret which one of these has. */
export const sightingsSharing = async (db: Db, ids: readonly string[], limit: number): Promise<readonly Sighting[]> => {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('inventory_secret_place as own')
    .innerJoin('inventory_secret_place as other', 'other.secret_id', 'own.secret_id')
    .select('other.sighting_id')
    .distinct()
    .where('own.sighting_id', 'in', ids)
    .where('other.sighting_id', 'not in', ids)
    .orderBy('other.sighting_id')
    .limit(limit)
    .execute()
  return living(
    db,
    rows.map(({ sighting_id }) => sighting_id),
  )
}

const living = async (db: Db, ids: readonly string[]): Promise<readonly Sighting[]> =>
  (await sightingsOf(db, ids)).filter(({ goneAt }) => goneAt === null)

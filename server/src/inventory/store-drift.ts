import { sql } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { readParts, type Scope } from '../kit/scope.ts'
import type { Sighting } from './domain/sighting.ts'
import type { InventoryTables } from './schema.ts'
import { isBefore, NOBODY, type SightingPage, toSighting } from './store-sighting.ts'

type Db = Handle<InventoryTables>

/** Sightings that are declared and not there, or there and not declared, by name; of accounts and clusters that both kinds of source know. */
export const listDrifted = (
  db: Db,
  scope: Scope,
  which: 'missing' | 'undeclared',
  page: SightingPage,
): Promise<readonly Sighting[]> =>
  readParts(scope, { limit: page.limit, isBefore, common: NOBODY }, async (team) => {
    const [isDeclared, isLive] = which === 'missing' ? [1, 0] : [0, 1]
    // Literals, so that the partial index inventory_sighting_drift serves it in the order of the list.
    let query = db
      .selectFrom('inventory_sighting')
      .selectAll()
      .where(sql<boolean>`is_declared <> is_live`)
      .where('is_declared', '=', isDeclared)
      .where('is_live', '=', isLive)
      .where(sql<boolean>`(name, id) > (${page.after.name}, ${page.after.id})`)
      // What no source of the other kind looked at is not known to be missing there.
      .where(
        sql<boolean>`exists (select 1 from inventory_sighting other where other.scope = inventory_sighting.scope
          and ${which === 'missing' ? sql`other.is_live = 1` : sql`other.is_declared = 1`})`,
      )
    if (team !== undefined) query = query.where('team', '=', team)
    const rows = await query.orderBy('name').orderBy('id').limit(page.limit).execute()
    return rows.map(toSighting)
  })

/** An identity that is active, and when it was last seen by a scan and last used, if ever. */
export interface Unseen {
  readonly id: string
  readonly name: string
  readonly ownerId: string
  readonly usedMs: number
  readonly seenMs: number
  readonly createdMs: number
  readonly state: string
}

/**
 * Identities in the order of their last use, the longest ago first, after this place: those that were not used since.
 * Whether they were seen is told with each; the caller leaves out those that were. Index inventory_identity_used, of a
 * team's part inventory_identity_owner.
 */
export const longUnused = (
  db: Db,
  scope: Scope,
  page: {
    readonly before: number
    readonly after: { readonly usedMs: number; readonly name: string }
    readonly limit: number
  },
): Promise<readonly Unseen[]> =>
  readParts(scope, { limit: page.limit, isBefore: isLongerAgo }, async (team) => {
    let query = db
      .selectFrom('inventory_identity')
      .leftJoin('inventory_identity_seen', 'inventory_identity_seen.identity_id', 'inventory_identity.id')
      .select(['id', 'name', 'owner_id', 'used_at', 'created_at', 'state', 'seen_at'])
      .where(sql<boolean>`(used_at, name) > (${page.after.usedMs}, ${page.after.name})`)
      .where('used_at', '<', page.before)
    if (team !== undefined) query = query.where('owner_id', '=', team)
    const rows = await query.orderBy('used_at').orderBy('name').limit(page.limit).execute()
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      ownerId: row.owner_id,
      usedMs: row.used_at,
      seenMs: row.seen_at ?? 0,
      createdMs: row.created_at,
      state: row.state,
    }))
  })

const isLongerAgo = (one: Unseen, other: Unseen): boolean =>
  one.usedMs === other.usedMs ? one.name < other.name : one.usedMs < other.usedMs

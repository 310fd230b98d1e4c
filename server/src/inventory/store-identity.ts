import { sql } from 'kysely'
import type { AnyDb, Handle } from '../kit/database.ts'
import { holding } from '../kit/hold-rows.ts'
import type { Identity } from './domain/identity.ts'
import { termsOf } from './domain/terms.ts'
import type { IdentityRow, InventoryTables } from './schema.ts'
import { countIdentity } from './store-count.ts'

type Db = Handle<InventoryTables>

/** An identity by id or unique name; no name begins as an id does. */
export const findIdentity = async (db: Db, idOrName: string): Promise<Identity | undefined> =>
  firstOf(named(db, idOrName))

/** As `findIdentity`, as it was last committed, and nobody changes it until this transaction ends; many may hold it. */
export const holdIdentity = async (tx: Db, idOrName: string): Promise<Identity | undefined> =>
  firstOf(holding(tx, named(tx, idOrName)))

const named = (db: Db, idOrName: string) =>
  db
    .selectFrom('inventory_identity')
    .selectAll()
    .where(idOrName.startsWith('nhi_') ? 'id' : 'name', '=', idOrName)

const firstOf = async (query: ReturnType<typeof named>): Promise<Identity | undefined> => {
  const row = await query.executeTakeFirst()
  return row === undefined ? undefined : toIdentity(row)
}

/**
 * As `findIdentity`, and nobody else changes it until this transaction ends: of a quarantine and a release at the same
 * moment the second sees what the first did. An UPDATE locks alike on both engines.
 */
export const lockIdentity = async (tx: Db, id: string): Promise<Identity | undefined> => {
  const row = await tx
    .updateTable('inventory_identity')
    .set((eb) => ({ revision: eb.ref('revision') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toIdentity(row)
}

/** The identities with these names, ordered as the names are. */
export const identitiesByName = async (db: Db, names: readonly string[]): Promise<readonly Identity[]> => {
  if (names.length === 0) return []
  const rows = await db.selectFrom('inventory_identity').selectAll().where('name', 'in', names).execute()
  const byName = new Map(rows.map((row) => [row.name, toIdentity(row)]))
  return names.flatMap((name) => byName.get(name) ?? [])
}

/** Children that are not retired, by name, at most `limit`. */
export const livingChildren = async (db: Db, parentId: string, limit: number): Promise<readonly Identity[]> => {
  const rows = await db
    .selectFrom('inventory_identity')
    .selectAll()
    .where('parent_id', '=', parentId)
    // A literal, so that the partial index of the living serves it.
    .where(sql<boolean>`state <> 'retired'`)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map(toIdentity)
}

/** How many living children each of these has, by parent; who has none is not there. */
export const childrenOf = async (db: Db, parentIds: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  if (parentIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('inventory_identity')
    .select((eb) => ['parent_id', eb.fn.countAll<number>().as('children')])
    .where('parent_id', 'in', parentIds)
    // A literal, so that the partial index of the living serves it.
    .where(sql<boolean>`state <> 'retired'`)
    .groupBy('parent_id')
    .execute()
  return new Map(rows.map(({ parent_id, children }) => [parent_id ?? '', Number(children)]))
}

/** These identities, by id. */
export const identitiesById = async (db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, Identity>> => {
  const found = new Map<string, Identity>()
  const once = [...new Set(ids)]
  for (let start = 0; start < once.length; start += IDS_MAX) {
    const query = db
      .selectFrom('inventory_identity')
      .selectAll()
      .where('id', 'in', once.slice(start, start + IDS_MAX))
    for (const row of await query.execute()) found.set(row.id, toIdentity(row))
  }
  return found
}

const IDS_MAX = 5_000

/** Whose each of these identities is, by id. */
export const ownersOf = async (db: AnyDb, ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  if (ids.length === 0) return new Map()
  const handle: Db = db
  const rows = await handle.selectFrom('inventory_identity').select(['id', 'owner_id']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, owner_id }) => [id, owner_id]))
}

/** Identities in this state whose expiry has come, the longest due first. */
export const dueIdentities = async (db: Db, state: string, now: Date, limit: number): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom('inventory_identity')
    .select('id')
    .where('state', '=', state)
    .where('expires_at', '<=', now.getTime())
    .orderBy('expires_at')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

/** Those that are not retired, in the order of their ids. */
export const identitiesAfter = async (db: Db, afterId: string, limit: number): Promise<readonly Identity[]> => {
  const query = db.selectFrom('inventory_identity').selectAll().where('id', '>', afterId)
  return (await query.where('state', '!=', 'retired').orderBy('id').limit(limit).execute()).map(toIdentity)
}

/** Identities made since then that were never judged. Index inventory_identity_created. */
export const identitiesUnjudged = async (db: Db, since: Date, limit: number): Promise<readonly Identity[]> => {
  const judged = sql<boolean>`exists (select 1 from inventory_risk r where r.identity_id = inventory_identity.id)`
  const query = db.selectFrom('inventory_identity').selectAll().where('created_at', '>=', since.getTime())
  const unjudged = query.where('state', '!=', 'retired').where((eb) => eb.not(judged))
  return (await unjudged.orderBy('created_at').orderBy('name').limit(limit).execute()).map(toIdentity)
}

/** Files a new identity with its terms; false when its name is taken. */
export const insertIdentity = async (tx: Db, identity: Identity): Promise<boolean> => {
  const row = await tx
    .insertInto('inventory_identity')
    .values(toRow(identity))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) return false
  await insertTerms(tx, identity.name, termsOf(identity))
  await countIdentity(tx, undefined, identity)
  return true
}

/** Writes what an identity has become: the columns and the terms that differ. `before` must have been locked. */
export const updateIdentity = async (tx: Db, before: Identity, after: Identity): Promise<void> => {
  const old = new Map(Object.entries(toRow(before)))
  const changed = Object.fromEntries(
    Object.entries(toRow(after)).filter(([column, value]) => old.get(column) !== value),
  )
  if (Object.keys(changed).length === 0) return
  await tx.updateTable('inventory_identity').set(changed).where('id', '=', before.id).execute()
  await countIdentity(tx, before, after)
  const had = new Set(termsOf(before))
  const has = new Set(termsOf(after))
  const gone = [...had.difference(has)]
  if (gone.length > 0)
    await tx.deleteFrom('inventory_identity_term').where('term', 'in', gone).where('name', '=', before.name).execute()
  await insertTerms(tx, before.name, [...has.difference(had)])
}

const insertTerms = async (tx: Db, name: string, terms: readonly string[]): Promise<void> => {
  if (terms.length === 0) return
  await tx
    .insertInto('inventory_identity_term')
    .values(terms.map((term) => ({ term, name })))
    .onConflict((conflict) => conflict.columns(['term', 'name']).doNothing())
    .execute()
}

/** The row of an identity. */
export const toRow = (identity: Identity): IdentityRow => ({
  id: identity.id,
  name: identity.name,
  kind: identity.kind,
  state: identity.state,
  state_before: identity.stateBefore,
  state_reason: identity.stateReason,
  state_at: identity.stateAt.getTime(),
  state_by: identity.stateBy,
  quarantined_with: identity.quarantinedWith,
  tier: identity.tier,
  functions: JSON.stringify(identity.classification.functions),
  boundary: identity.classification.boundary,
  blast_radius: identity.classification.blastRadius,
  effective_blast_radius: identity.effectiveBlastRadius,
  rights: JSON.stringify(identity.rights),
  owner_id: identity.ownerId,
  purpose: identity.purpose,
  environment: identity.environment,
  lifecycle: identity.lifecycle,
  pipeline: identity.pipeline,
  workflow_name: identity.workflow?.name ?? null,
  workflow_repository: identity.workflow?.repository ?? null,
  parent_id: identity.parentId,
  auth_methods: JSON.stringify(identity.authMethods),
  upstream: JSON.stringify(identity.upstream),
  downstream: JSON.stringify(identity.downstream),
  revocation_procedure: identity.revocationProcedure,
  tags: JSON.stringify(identity.tags),
  created_by: identity.createdBy,
  created_at: identity.createdAt.getTime(),
  approved_by: identity.approvedBy,
  expires_at: identity.expires.at.getTime(),
  expires_text: identity.expires.text,
  review_at: identity.review.at.getTime(),
  review_text: identity.review.text,
  used_at: identity.lastUsedAt?.getTime() ?? 0,
  revision: identity.revision,
})

// INVARIANT: rows are written by toRow alone, from an Identity, so their texts are that Identity's values.
const toIdentity = (row: IdentityRow): Identity => ({
  id: row.id,
  name: row.name,
  kind: row.kind as Identity['kind'],
  state: row.state as Identity['state'],
  stateBefore: row.state_before as Identity['stateBefore'],
  stateReason: row.state_reason,
  stateAt: new Date(row.state_at),
  stateBy: row.state_by,
  quarantinedWith: row.quarantined_with,
  tier: row.tier as Identity['tier'],
  classification: {
    functions: JSON.parse(row.functions),
    boundary: row.boundary as Identity['classification']['boundary'],
    blastRadius: row.blast_radius as Identity['classification']['blastRadius'],
  },
  effectiveBlastRadius: row.effective_blast_radius as Identity['effectiveBlastRadius'],
  rights: JSON.parse(row.rights),
  ownerId: row.owner_id,
  purpose: row.purpose,
  environment: row.environment,
  lifecycle: row.lifecycle as Identity['lifecycle'],
  pipeline: row.pipeline,
  workflow: row.workflow_name === null ? null : { name: row.workflow_name, repository: row.workflow_repository },
  parentId: row.parent_id,
  authMethods: JSON.parse(row.auth_methods),
  upstream: JSON.parse(row.upstream),
  downstream: JSON.parse(row.downstream),
  revocationProcedure: row.revocation_procedure,
  tags: JSON.parse(row.tags),
  createdBy: row.created_by,
  createdAt: new Date(row.created_at),
  approvedBy: row.approved_by,
  expires: { at: new Date(row.expires_at), text: row.expires_text },
  review: { at: new Date(row.review_at), text: row.review_text },
  lastUsedAt: row.used_at === 0 ? null : new Date(row.used_at),
  revision: row.revision,
})

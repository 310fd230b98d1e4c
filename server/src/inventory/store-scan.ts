import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { holdingAlone } from '../kit/hold-rows.ts'
import { insertRows } from '../kit/insert-rows.ts'
import { scopeOf } from './domain/scope.ts'
import type { Seen, Standing } from './domain/sighting.ts'
import type { InventoryTables } from './schema.ts'
import { bodyOf, NOBODY } from './store-sighting.ts'

type Db = Handle<InventoryTables>
type Tx = Transaction<InventoryTables>

/** What the register knows of a stable key before a scan is filed, and of what that scan saw of it last. */
export interface Known {
  readonly id: string
  readonly identityId: string | null
  readonly apartFrom: string | null
  readonly isOwned: boolean
  readonly isGone: boolean
  readonly lastSeenMs: number
  readonly ofScan: { readonly digest: string; readonly scannedMs: number } | undefined
}

/** Reads what is known of these stable keys, in their order, and keeps others from changing it meanwhile. */
export const holdKnown = async (tx: Db, keys: readonly string[], scan: string): Promise<ReadonlyMap<string, Known>> => {
  const found = new Map<string, Known>()
  if (keys.length === 0) return found
  const columns = ['id', 'stable_key', 'identity_id', 'apart_from', 'is_owned', 'gone_at', 'last_seen_at'] as const
  const query = tx
    .selectFrom('inventory_sighting')
    .select([...columns])
    .where('stable_key', 'in', keys)
  const rows = await holdingAlone(tx, query.orderBy('stable_key')).execute()
  const ids = rows.map(({ id }) => id)
  const scans =
    ids.length === 0
      ? []
      : await tx
          .selectFrom('inventory_sighting_scan')
          .select(['sighting_id', 'digest', 'scanned_at'])
          .where('scan', '=', scan)
          .where('sighting_id', 'in', ids)
          .execute()
  const ofScan = new Map(scans.map((row) => [row.sighting_id, { digest: row.digest, scannedMs: row.scanned_at }]))
  for (const row of rows)
    found.set(row.stable_key, {
      id: row.id,
      identityId: row.identity_id,
      apartFrom: row.apart_from,
      isOwned: row.is_owned === 1,
      isGone: row.gone_at !== null,
      lastSeenMs: row.last_seen_at,
      ofScan: ofScan.get(row.id),
    })
  return found
}

/** What one scan says of one sighting, ready to be kept. */
export interface ScanWord {
  readonly seen: Seen
  readonly standing: Standing | null
  readonly isJudged: boolean
}

/** The same for the same words. */
export const digestOf = ({ seen, standing, isJudged }: ScanWord): string =>
  createHash('sha256')
    .update(JSON.stringify([seen, standing, isJudged]))
    .digest('base64url')

/** Keeps what a scan says of sightings, in place of what it said before. */
export const keepWords = async (
  tx: Tx,
  scan: string,
  words: readonly (ScanWord & { readonly id: string; readonly digest: string; readonly scannedMs: number })[],
): Promise<void> => {
  const rows = words.map(({ id, seen, standing, isJudged, digest, scannedMs }) => [
    ...[scan, id, standing, scannedMs, digest, JSON.stringify(seen), Number(isJudged)],
  ])
  await scanRows.into(tx, rows)
}

const scanRows = insertRows(
  'inventory_sighting_scan',
  ['scan', 'sighting_id', 'standing', 'scanned_at', 'digest', 'body', 'is_judged'],
  ` on conflict ("scan", "sighting_id") do update set "standing" = excluded."standing", "scanned_at" = excluded."scanned_at",
    "digest" = excluded."digest", "body" = excluded."body", "is_judged" = excluded."is_judged"`,
)

/** A scan saw again what it had seen, unchanged: only when is kept, and never an earlier moment. */
export const touch = async (tx: Db, scan: string, ids: readonly string[], seenMs: number): Promise<void> => {
  if (ids.length === 0) return
  await tx
    .updateTable('inventory_sighting_scan')
    .set({ scanned_at: seenMs })
    .where('scan', '=', scan)
    .where('sighting_id', 'in', ids)
    .where('scanned_at', '<', seenMs)
    .execute()
  await tx
    .updateTable('inventory_sighting')
    .set({ last_seen_at: seenMs })
    .where('id', 'in', ids)
    .where('last_seen_at', '<', seenMs)
    .execute()
}

/** All that scans but this one say of these sightings, the one that looked last first. */
export const wordsOf = async (
  db: Db,
  ids: readonly string[],
  otherThan: string,
): Promise<ReadonlyMap<string, readonly ScanWord[]>> => {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('inventory_sighting_scan')
    .select(['sighting_id', 'standing', 'body', 'is_judged'])
    .where('sighting_id', 'in', ids)
    .where('scan', '!=', otherThan)
    .orderBy('scanned_at', 'desc')
    .orderBy('scan')
    .execute()
  // INVARIANT: written by keepWords alone, from a ScanWord.
  const words = rows.map((row) => ({
    id: row.sighting_id,
    seen: JSON.parse(row.body) as Seen,
    standing: row.standing as Standing | null,
    isJudged: row.is_judged === 1,
  }))
  return Map.groupBy(words, ({ id }) => id)
}

/** A sighting as it is to be: what all scans say of it together. */
export interface Filed {
  readonly id: string
  readonly stableKey: string
  readonly seen: Seen
  readonly identity: { readonly id: string; readonly ownerId: string } | undefined
  readonly isDeclared: boolean
  readonly isLive: boolean
  readonly isJudged: boolean
  readonly seenMs: number
}

/** Writes sightings, new or known; answers the id of each, which is another where somebody else was first. */
export const writeSightings = async (tx: Tx, filed: readonly Filed[]): Promise<ReadonlyMap<string, string>> => {
  const rows = await sightingRows.into(
    tx,
    filed.map(({ id, stableKey, seen, identity, isDeclared, isLive, isJudged, seenMs }) => [
      ...[id, stableKey, seen.source, seen.kind, seen.name, identity === undefined ? 'unmanaged' : 'managed'],
      ...[identity?.id ?? null, seen.environment, seen.ownerHint === null ? null : JSON.stringify(seen.ownerHint)],
      ...[Number(seen.ownerHint !== null || identity !== undefined), identity?.ownerId ?? NOBODY, bodyOf(seen)],
      ...[seenMs, seenMs, scopeOf(stableKey) ?? null, Number(isDeclared), Number(isLive), Number(isJudged)],
    ]),
  )
  return new Map(rows.map((row) => [String(row.stable_key), String(row.id)]))
}

// Whose it is, is said here only of what is nobody's: a person may have said otherwise meanwhile.
const ofNobody = (column: string) =>
  `"${column}" = case when inventory_sighting."identity_id" is null then excluded."${column}" else inventory_sighting."${column}" end`

const sightingRows = insertRows(
  'inventory_sighting',
  [
    ...['id', 'stable_key', 'source', 'kind', 'name', 'state', 'identity_id', 'environment', 'owner_hint', 'is_owned'],
    ...['team', 'body', 'first_seen_at', 'last_seen_at', 'scope', 'is_declared', 'is_live', 'is_judged'],
  ],
  ` on conflict ("stable_key") do update set ${[
    ...[
      'source',
      'kind',
      'name',
      'environment',
      'owner_hint',
      'body',
      'scope',
      'is_declared',
      'is_live',
      'is_judged',
    ].map((column) => `"${column}" = excluded."${column}"`),
    ...['state', 'identity_id', 'is_owned', 'team'].map(ofNobody),
    `"last_seen_at" = case when inventory_sighting."last_seen_at" > excluded."last_seen_at" then inventory_sighting."last_seen_at" else excluded."last_seen_at" end`,
    `"gone_at" = null`,
  ].join(', ')} returning "id", "stable_key"`,
)

/** Takes back what this scan said of what it no longer sees. Returns those sightings, at most `limit`. */
export const forgetUnseen = async (
  tx: Db,
  scan: string,
  scannedMs: number,
  limit: number,
): Promise<readonly string[]> => {
  const unseen = await tx
    .selectFrom('inventory_sighting_scan')
    .select('sighting_id')
    .where('scan', '=', scan)
    .where('scanned_at', '<', scannedMs)
    .orderBy('sighting_id')
    .limit(limit)
    .execute()
  const ids = unseen.map(({ sighting_id }) => sighting_id)
  if (ids.length > 0)
    await tx
      .deleteFrom('inventory_sighting_scan')
      .where('scan', '=', scan)
      .where('scanned_at', '<', scannedMs)
      .where('sighting_id', 'in', ids)
      .execute()
  return ids
}

/** Marks sightings that no scan sees any more. */
export const markGone = async (tx: Db, ids: readonly string[], now: Date): Promise<number> => {
  if (ids.length === 0) return 0
  const gone = await tx
    .updateTable('inventory_sighting')
    .set({ gone_at: now.getTime(), is_declared: 0, is_live: 0 })
    .where('id', 'in', ids)
    .where('gone_at', 'is', null)
    .returning('id')
    .execute()
  return gone.length
}

/** Writes what is left of sightings that one scan no longer sees. */
export const rewriteSightings = async (
  tx: Db,
  rows: readonly Pick<Filed, 'id' | 'seen' | 'isDeclared' | 'isLive' | 'isJudged'>[],
): Promise<void> => {
  for (const { id, seen, isDeclared, isLive, isJudged } of rows)
    await tx
      .updateTable('inventory_sighting')
      .set({
        ...{ source: seen.source, kind: seen.kind, name: seen.name, environment: seen.environment, body: bodyOf(seen) },
        owner_hint: seen.ownerHint === null ? null : JSON.stringify(seen.ownerHint),
        ...{ is_declared: Number(isDeclared), is_live: Number(isLive), is_judged: Number(isJudged) },
      })
      .where('id', '=', id)
      .execute()
}

/** The identities that sightings are, seen at this moment: never moved back. */
export const markSeen = async (tx: Tx, identityIds: readonly string[], seenMs: number): Promise<void> => {
  await seenRows.into(
    tx,
    [...new Set(identityIds)].sort().map((id) => [id, seenMs]),
  )
}

const seenRows = insertRows(
  'inventory_identity_seen',
  ['identity_id', 'seen_at'],
  ` on conflict ("identity_id") do update set "seen_at" = excluded."seen_at"
    where inventory_identity_seen."seen_at" < excluded."seen_at"`,
)

/** Keeps what sightings reach and where their secrets lie, in place of what was kept of them before. */
export const keepReachesAndSecrets = async (
  tx: Tx,
  kept: readonly {
    readonly id: string
    readonly reaches: Seen['reaches']
    readonly secrets: readonly SecretPlace[]
  }[],
  { now, isKnown }: { readonly now: Date; isKnown(id: string): boolean },
): Promise<void> => {
  const before = kept.map(({ id }) => id).filter(isKnown)
  if (before.length > 0) {
    await tx.deleteFrom('inventory_reach').where('sighting_id', 'in', before).execute()
    await tx.deleteFrom('inventory_secret_place').where('sighting_id', 'in', before).execute()
  }
  const reaches = kept.flatMap(({ id, reaches }) =>
    reaches.map(({ what, access }) => [what.slice(0, WHAT_MAX), id, access]),
  )
  await reachRows.into(tx, reaches)
  const secrets = kept.flatMap(({ secrets }) => secrets)
  const once = [...new Map(secrets.map((secret) => [secret.id, secret])).values()].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  )
  await secretRows.into(
    tx,
    once.map(({ id, saltId, fingerprint, type, provider, tail }) => [
      ...[id, saltId, fingerprint, type, provider, tail, now.getTime()],
    ]),
  )
  await placeRows.into(
    tx,
    kept.flatMap(({ id, secrets }) => secrets.map((secret) => [secret.id, id, secret.place.slice(0, WHAT_MAX)])),
  )
}

/** A secret at a place, by its fingerprint. */
export interface SecretPlace {
  readonly id: string
  readonly saltId: string
  readonly fingerprint: string
  readonly type: string
  readonly provider: string
  readonly tail: string
  readonly place: string
}

const WHAT_MAX = 500
const ONCE = ' on conflict do nothing'
const reachRows = insertRows('inventory_reach', ['what', 'sighting_id', 'access'], ONCE)
const placeRows = insertRows('inventory_secret_place', ['secret_id', 'sighting_id', 'place'], ONCE)
const secretRows = insertRows(
  'inventory_secret',
  ['id', 'salt_id', 'fingerprint', 'type', 'provider', 'tail', 'first_seen_at'],
  ONCE,
)

/** The same secret under the same salt has the same id in every scan. */
export const secretId = (saltId: string, fingerprint: string): string =>
  `sec_${createHash('sha256')
    .update(JSON.stringify([saltId, fingerprint]))
    .digest('base64url')
    .slice(0, 22)}`

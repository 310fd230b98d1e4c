import { type RevocationEntry, revocationTarget } from '@reeve/sdk'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { AnyTx, Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { Signal } from '../kit/operation.ts'
import { placeOf } from './domain/status-place.ts'
import { holds, type StopTerm, strongest, strongestVerb } from './domain/stop-rule.ts'
import type { StopScope } from './room.ts'
import type { BrokerTables } from './schema.ts'

/** One target to stop. */
export interface NewStop {
  readonly id: string
  readonly scope: StopScope
  readonly subject: string
  readonly verb: 'quarantine' | 'revoke'
  readonly reason: string
  readonly by: string | null
  readonly now: Date
  readonly until: Date | null
  /** Of a token: whose it is, where that is known. */
  readonly identity?: string | null
}

/** Where a change of the stops stands in the feed, and what every replica must be told with the commit. */
export interface Placed {
  readonly seq: number
  readonly signals: readonly Signal[]
}

/** Stops a target; what verifiers are told is the strongest of everything that stops it now. */
export const placeStop = async (tx: Transaction<BrokerTables>, stop: NewStop): Promise<Placed> => {
  const target = revocationTarget(stop.scope, stop.subject)
  const seq = (await lockFeed(tx)) + 1
  await tx
    .insertInto('broker_stop')
    .values({
      id: stop.id,
      scope: stop.scope,
      subject: stop.subject,
      target,
      verb: stop.verb,
      reason: stop.reason,
      stopped_by: stop.by,
      stopped_at: stop.now.getTime(),
      until: stop.until?.getTime() ?? null,
      released_at: null,
      seq,
      page: (stop.scope === 'token' ? placeOf(stop.subject)?.page : undefined) ?? null,
      identity: stop.identity ?? null,
    })
    .execute()
  // What ended a moment ago, and is in the grace of verifiers, holds by no clock of ours; it is told with its own end.
  const own = { verb: stop.verb, until: stop.until?.getTime() ?? null }
  const term = strongest(await termsOf(tx, target, stop.now)) ?? own
  return appendEntries(tx, [{ seq, target, ...term }], stop.now)
}

/** Ends the quarantine of a target; undefined when there is none. Something stronger that holds on stays told. */
export const liftStop = async (
  tx: Transaction<BrokerTables>,
  scope: StopScope,
  subject: string,
  now: Date,
): Promise<Placed | undefined> => {
  const target = revocationTarget(scope, subject)
  const seq = (await lockFeed(tx)) + 1
  const lifted = await tx
    .updateTable('broker_stop')
    .set({ released_at: now.getTime() })
    .where('target', '=', target)
    .where('verb', '=', 'quarantine')
    .where('released_at', 'is', null)
    .returning('id')
    .execute()
  if (lifted.length === 0) return undefined
  const rest = strongest(await termsOf(tx, target, now))
  return appendEntries(tx, [{ seq, target, ...(rest ?? { verb: 'release', until: null }) }], now)
}

/**
 * Everybody whose quarantine holds this target. The feed's head is locked first: who places another one meanwhile waits,
 * so that a release ends no quarantine that it did not see.
 */
export const placersOf = async (
  tx: Transaction<BrokerTables>,
  scope: StopScope,
  subject: string,
): Promise<readonly (string | null)[]> => {
  await lockFeed(tx)
  const rows = await tx
    .selectFrom('broker_stop')
    .select('stopped_by')
    .distinct()
    .where('target', '=', revocationTarget(scope, subject))
    .where('verb', '=', 'quarantine')
    .where('released_at', 'is', null)
    .execute()
  return rows.map((row) => row.stopped_by)
}

/** The quarantines that hold this target, oldest first. */
export const quarantinesOf = async (tx: Transaction<BrokerTables>, scope: StopScope, subject: string) =>
  tx
    .selectFrom('broker_stop')
    .select(['id', 'stopped_by', 'stopped_at'])
    .where('target', '=', revocationTarget(scope, subject))
    .where('verb', '=', 'quarantine')
    .where('released_at', 'is', null)
    .orderBy('seq')
    .execute()

/** What stops this target now, with why and by whom, newest first. */
export const stopsOf = async (db: Handle<BrokerTables>, scope: StopScope, subject: string) =>
  db
    .selectFrom('broker_stop')
    .selectAll()
    .where('target', '=', revocationTarget(scope, subject))
    .where('released_at', 'is', null)
    .orderBy('seq', 'desc')
    .limit(20)
    .execute()

/** Which of these targets are stopped now; served by broker_stop's index on the target. */
export const stoppedAmong = async (
  db: Handle<BrokerTables>,
  targets: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  if (targets.length === 0) return new Set()
  const rows = await db
    .selectFrom('broker_stop')
    .select('target')
    .where('target', 'in', targets)
    .where('released_at', 'is', null)
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', now.getTime())]))
    .execute()
  return new Set(rows.map(({ target }) => target))
}

/** What stops any of these targets now, with why and by whom, newest first; served by the same index. */
export const stopsAmong = async (db: Handle<BrokerTables>, targets: readonly string[], now: Date) =>
  db
    .selectFrom('broker_stop')
    .select(['target', 'verb', 'reason', 'stopped_by', 'stopped_at'])
    .where('target', 'in', targets)
    .where('released_at', 'is', null)
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', now.getTime())]))
    .orderBy('seq', 'desc')
    .limit(50)
    .execute()

/** The stopped tokens of one page of status lists, by their places; served by broker_stop_page. */
export const stopsOnPage = async (
  db: Handle<BrokerTables>,
  page: string,
  since: Date,
): Promise<ReadonlyMap<number, StopTerm['verb']>> => {
  const rows = await db
    .selectFrom('broker_stop')
    .select(['subject', 'verb', 'until'])
    .where('page', '=', page)
    .where('released_at', 'is', null)
    .execute()
  const stopped = new Map<number, StopTerm['verb']>()
  for (const row of rows) {
    const [place, term] = [placeOf(row.subject), toTerm(row)]
    if (place === undefined || !holds(term, since.getTime())) continue
    stopped.set(place.index, strongestVerb([term.verb, stopped.get(place.index)]) ?? term.verb)
  }
  return stopped
}

/** The number of the feed's last entry. */
export const feedHead = async (db: Handle<BrokerTables>): Promise<number> => {
  const row = await db
    .selectFrom('broker_counter')
    .select('value')
    .where('name', '=', 'revocation')
    .executeTakeFirstOrThrow()
  return row.value
}

/** Everything that is in force, each target once, as the feed would tell it. */
export const stopsInForce = async (db: Handle<BrokerTables>, since: Date): Promise<readonly RevocationEntry[]> => {
  const rows = await db
    .selectFrom('broker_stop')
    .select(['target', 'verb', 'until', 'seq'])
    .where('released_at', 'is', null)
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', since.getTime())]))
    .execute()
  const byTarget = Map.groupBy(rows, (row) => row.target)
  return [...byTarget].flatMap(([target, group]) => {
    const term = strongest(group.map(toTerm))
    const seq = Math.max(...group.map((row) => row.seq))
    return term === undefined ? [] : [{ seq, target, verb: term.verb, until: toSeconds(term.until) }]
  })
}

/** The feed's entries after `since`, in order, at most `limit`. */
export const readFeed = async (
  db: Handle<BrokerTables>,
  since: number,
  limit: number,
): Promise<readonly RevocationEntry[]> => {
  const rows = await db
    .selectFrom('broker_revocation')
    .select(['seq', 'verb', 'target', 'until'])
    .where('seq', '>', since)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, verb: FeedVerb.parse(row.verb), until: toSeconds(row.until) }))
}

/** Removes stops that ended or were released, and entries of the feed, before these times. */
export const sweepStops = async (tx: AnyTx, before: { readonly stops: Date; readonly feed: Date }): Promise<void> => {
  const rooms: Transaction<BrokerTables> = tx
  const stopsMs = before.stops.getTime()
  await rooms
    .deleteFrom('broker_stop')
    .where((eb) => eb.or([eb('until', '<', stopsMs), eb('released_at', '<', stopsMs)]))
    .execute()
  await rooms.deleteFrom('broker_revocation').where('at', '<', before.feed.getTime()).execute()
}

const FeedVerb = z.enum(['quarantine', 'release', 'revoke'])
const StopVerb = z.enum(['quarantine', 'revoke'])

const toTerm = (row: { verb: string; until: number | null }): StopTerm => ({
  verb: StopVerb.parse(row.verb),
  until: row.until,
})

// Rounded up: a token that ends within the second must not outlive its stop.
const toSeconds = (ms: number | null): number | null => (ms === null ? null : Math.ceil(ms / 1000))

const termsOf = async (tx: Transaction<BrokerTables>, target: string, now: Date): Promise<readonly StopTerm[]> => {
  const rows = await tx
    .selectFrom('broker_stop')
    .select(['verb', 'until'])
    .where('target', '=', target)
    .where('released_at', 'is', null)
    .execute()
  return rows.map(toTerm).filter((term) => holds(term, now.getTime()))
}

/** The number of the feed's last entry, which nobody else moves until this transaction ends. */
// INVARIANT: whoever adds to the feed holds the counter's row until its commit, so numbers are gapless in commit order,
// and what stops a target is read after everybody else who stopped it has committed.
export const lockFeed = async (tx: Transaction<BrokerTables>): Promise<number> => {
  const row = await tx
    .updateTable('broker_counter')
    .set((eb) => ({ value: eb.ref('value') }))
    .where('name', '=', 'revocation')
    .returning('value')
    .executeTakeFirstOrThrow()
  return row.value
}

/** An entry of the feed as it is stored; `until` in milliseconds. */
export interface FeedEntry {
  readonly seq: number
  readonly target: string
  readonly verb: RevocationEntry['verb']
  readonly until: number | null
}

/** Adds entries to the feed, which the caller has locked, under the numbers that follow its last one. */
export const appendEntries = async (
  tx: Transaction<BrokerTables>,
  entries: readonly FeedEntry[],
  now: Date,
): Promise<Placed> => {
  const at = now.getTime()
  await feedRows.into(
    tx,
    entries.map(({ seq, target, verb, until }) => [seq, target, verb, until, at]),
  )
  const seq = entries.at(-1)?.seq ?? (await feedHead(tx))
  await tx.updateTable('broker_counter').set({ value: seq }).where('name', '=', 'revocation').execute()
  return { seq, signals: [{ topic: 'revocation', key: String(seq) }] }
}

const feedRows = insertRows('broker_revocation', ['seq', 'target', 'verb', 'until', 'at'])

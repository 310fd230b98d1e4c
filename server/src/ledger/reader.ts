import { type Expression, type SqlBool, sql } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { EVERYTHING, readParts, type Scope } from '../kit/scope.ts'
import type { LedgerEvent, NumberedEvent } from './event.ts'
import type { LedgerTables } from './schema.ts'
import { holdsUse, placeOfUse } from './shared-event.ts'

/** What a reader may narrow the log to. Times are inclusive from, exclusive to. */
export interface LedgerFilter {
  readonly kind?: string | undefined
  readonly outcome?: string | undefined
  readonly actorId?: string | undefined
  readonly onId?: string | undefined
  readonly decisionId?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/** Numbered entries after `afterSeq` (use -1 for all), in order, at most `limit`. What has no number yet is not seen. */
export const readLedger = async (
  db: Handle<LedgerTables>,
  afterSeq: number,
  limit: number,
): Promise<readonly NumberedEvent[]> => {
  const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('seq', '>', afterSeq)
  const rows = await query.orderBy('seq', 'asc').limit(limit).execute()
  return rows.map(toEvent)
}

/** As `readLedger`, of what the scope lets be seen: of a team through ledger_entry_team. */
export const tailLedger = (
  db: Handle<LedgerTables>,
  scope: Scope,
  afterSeq: number,
  limit: number,
): Promise<readonly NumberedEvent[]> =>
  readParts(scope, { limit, isBefore: (one, other) => one.seq < other.seq }, async (team) => {
    if (team === undefined) return readLedger(db, afterSeq, limit)
    const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('team', '=', team)
    const rows = await query.where('seq', '>', afterSeq).orderBy('seq', 'asc').limit(limit).execute()
    return rows.map(toEvent)
  })

/**
 * The newest entries before `beforeSeq`, newest first, at most `limit`. Numbers are found first and bodies read for those
 * alone. A filter that matches little leads through its own index; without one the log is walked from its end, over the
 * narrow ledger_entry_search, where what matches much is soon found; of a team over ledger_entry_team.
 */
export const searchLedger = async (
  db: Handle<LedgerTables>,
  scope: Scope,
  beforeSeq: number | undefined,
  limit: number,
  filter: LedgerFilter,
): Promise<readonly NumberedEvent[]> => {
  const lead = await rarestOf(db, filter)
  return readParts(scope, { limit, isBefore: (one, other) => one.seq > other.seq }, (team) =>
    searchPart(db, beforeSeq, limit, conditionsOf(filter, lead, team)),
  )
}

const searchPart = async (
  db: Handle<LedgerTables>,
  beforeSeq: number | undefined,
  limit: number,
  conditions: readonly Expression<SqlBool>[],
): Promise<readonly NumberedEvent[]> => {
  const numbers = db
    .selectFrom('ledger_entry')
    .select('seq')
    .where('seq', '<', beforeSeq ?? Number.MAX_SAFE_INTEGER)
    .where((eb) => eb.and([...conditions]))
    .orderBy('seq', 'desc')
    .limit(limit)
  const rows = await db
    .selectFrom('ledger_entry')
    .select(['seq', 'body'])
    .where('seq', 'in', numbers)
    .orderBy('seq', 'desc')
    .execute()
  return rows.map(toEvent)
}

const COLUMNS = ['decision_id', 'actor_id', 'on_id', 'kind'] as const
type Column = (typeof COLUMNS)[number]

const RARE_MAX = 5000

/** A column whose filter matches so little that sorting all of it is cheap. */
const rarestOf = async (db: Handle<LedgerTables>, filter: LedgerFilter): Promise<Column | undefined> => {
  for (const column of COLUMNS) {
    const value = wantedOf(filter, column)
    if (value === undefined) continue
    const query = db.selectFrom('ledger_entry').select('position').where(column, '=', value)
    const beyond = await query.orderBy('position').limit(1).offset(RARE_MAX).executeTakeFirst()
    if (beyond === undefined) return column
  }
  return undefined
}

const wantedOf = (filter: LedgerFilter, column: Column): string | undefined => {
  const values = { decision_id: filter.decisionId, actor_id: filter.actorId, on_id: filter.onId, kind: filter.kind }
  return values[column]
}

/** What is not the lead is written so that no planner takes its index: `|| ''` and `+ 0` change nothing else. */
const conditionsOf = (filter: LedgerFilter, lead: Column | undefined, team: string | undefined) => {
  const conditions: Expression<SqlBool>[] = []
  if (team !== undefined)
    conditions.push(lead === undefined ? sql<SqlBool>`team = ${team}` : sql<SqlBool>`team || '' = ${team}`)
  for (const column of COLUMNS) {
    const value = wantedOf(filter, column)
    if (value === undefined) continue
    const ref = sql.ref(`ledger_entry.${column}`)
    conditions.push(column === lead ? sql<SqlBool>`${ref} = ${value}` : sql<SqlBool>`${ref} || '' = ${value}`)
  }
  if (filter.outcome !== undefined) conditions.push(sql<SqlBool>`outcome = ${filter.outcome}`)
  if (filter.from !== undefined) conditions.push(sql<SqlBool>`at + 0 >= ${filter.from.getTime()}`)
  if (filter.to !== undefined) conditions.push(sql<SqlBool>`at + 0 < ${filter.to.getTime()}`)
  return conditions
}

/** The numbered event with this id. */
export const eventById = async (db: Handle<LedgerTables>, id: string): Promise<NumberedEvent | undefined> => {
  const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('id', '=', id)
  const row = await query.where('seq', 'is not', null).executeTakeFirst()
  return row === undefined ? undefined : toEvent(row)
}

/** The numbered event that records a decision; one of many in it is found by its place there. */
export const eventOfDecision = async (
  db: Handle<LedgerTables>,
  decisionId: string,
): Promise<NumberedEvent | undefined> => {
  const place = placeOfUse(decisionId)
  const named = async (name: string) => (await searchLedger(db, EVERYTHING, undefined, 1, { decisionId: name }))[0]
  if (place === undefined) return named(decisionId)
  const event = await named(place.name)
  return event !== undefined && holdsUse(event, place.at) ? event : undefined
}

/** The numbered events that one request caused, oldest first, at most `limit`; one that it shares is found by its place there. */
export const eventsOfRequest = async (
  db: Handle<LedgerTables>,
  requestId: string,
  limit: number,
): Promise<readonly NumberedEvent[]> => {
  const place = placeOfUse(requestId)
  if (place === undefined) return eventsNamed(db, requestId, limit)
  const events = await eventsNamed(db, place.name, limit)
  return events.filter((event) => holdsUse(event, place.at))
}

const eventsNamed = async (
  db: Handle<LedgerTables>,
  requestId: string,
  limit: number,
): Promise<readonly NumberedEvent[]> => {
  const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('request_id', '=', requestId)
  const rows = await query.where('seq', 'is not', null).orderBy('seq').limit(limit).execute()
  return rows.map(toEvent)
}

// INVARIANT: bodies are written by appendEvents alone, from a LedgerEvent; only what the types need is checked again.
const Body = z.custom<LedgerEvent>((value) => typeof value === 'object' && value !== null)

/** The event whose text this is. */
export const eventIn = (body: string): LedgerEvent => Body.parse(JSON.parse(body))

const toEvent = (row: { seq: number | null; body: string }): NumberedEvent => ({
  ...eventIn(row.body),
  seq: row.seq ?? -1,
})

import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { NumberedEvent } from './event.ts'
import type { LedgerTables } from './schema.ts'

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
  filter: LedgerFilter = {},
): Promise<readonly NumberedEvent[]> => {
  const rows = await narrowed(db, filter).where('seq', '>', afterSeq).orderBy('seq', 'asc').limit(limit).execute()
  return rows.map(toEvent)
}

/** The newest entries before `beforeSeq`, newest first, at most `limit`. */
export const searchLedger = async (
  db: Handle<LedgerTables>,
  beforeSeq: number | undefined,
  limit: number,
  filter: LedgerFilter,
): Promise<readonly NumberedEvent[]> => {
  const before = beforeSeq ?? Number.MAX_SAFE_INTEGER
  const rows = await narrowed(db, filter).where('seq', '<', before).orderBy('seq', 'desc').limit(limit).execute()
  return rows.map(toEvent)
}

/** The numbered event with this id. */
export const eventById = async (db: Handle<LedgerTables>, id: string): Promise<NumberedEvent | undefined> => {
  const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('id', '=', id)
  const row = await query.where('seq', 'is not', null).executeTakeFirst()
  return row === undefined ? undefined : toEvent(row)
}

/** The numbered events that one request caused, oldest first, at most `limit`. */
export const eventsOfRequest = async (
  db: Handle<LedgerTables>,
  requestId: string,
  limit: number,
): Promise<readonly NumberedEvent[]> => {
  const query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('request_id', '=', requestId)
  const rows = await query.where('seq', 'is not', null).orderBy('seq').limit(limit).execute()
  return rows.map(toEvent)
}

const narrowed = (db: Handle<LedgerTables>, filter: LedgerFilter) => {
  let query = db.selectFrom('ledger_entry').select(['seq', 'body']).where('seq', 'is not', null)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  if (filter.actorId !== undefined) query = query.where('actor_id', '=', filter.actorId)
  if (filter.onId !== undefined) query = query.where('on_id', '=', filter.onId)
  if (filter.decisionId !== undefined) query = query.where('decision_id', '=', filter.decisionId)
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from.getTime())
  if (filter.to !== undefined) query = query.where('at', '<', filter.to.getTime())
  return query
}

// INVARIANT: bodies are written by appendEvents alone, from a LedgerEvent; only what the types need is checked again.
const Body = z.custom<Omit<NumberedEvent, 'seq'>>((value) => typeof value === 'object' && value !== null)

const toEvent = (row: { seq: number | null; body: string }): NumberedEvent => ({
  ...Body.parse(JSON.parse(row.body)),
  seq: row.seq ?? -1,
})

import type { Transaction } from 'kysely'
import { insertRows } from '../kit/insert-rows.ts'
import { type Random, timedId } from '../kit/random.ts'
import { canonicalEvent } from './canonical-event.ts'
import { COLUMN_NAMES, columnsOf } from './columns.ts'
import { type EventDraft, type Kept, type LedgerEvent, SCHEMA_VERSION } from './event.ts'
import type { LedgerTables } from './schema.ts'

/** Names and dates the drafts and appends them in the caller's transaction. They are numbered after it commits. */
export const appendEvents = async (
  tx: Transaction<LedgerTables>,
  drafts: readonly EventDraft[],
  given: { readonly random: Random; readonly now: Date },
): Promise<readonly LedgerEvent[]> => {
  const events = drafts.map((draft) => ({
    ...draft,
    id: timedId(given.random, 'evt', given.now),
    at: given.now.toISOString(),
    schemaVersion: SCHEMA_VERSION,
  }))
  await entries.into(tx, events.map(cellsOf))
  return events
}

const entries = insertRows('ledger_unnumbered', [...COLUMN_NAMES, 'body'])

const cellsOf = (event: LedgerEvent) => {
  const columns = columnsOf(event)
  return [...COLUMN_NAMES.map((name) => columns[name]), bodyOf(event)]
}

/** Keeps texts beside the log, each once, under its digest. */
export const keepBeside = async (tx: Transaction<LedgerTables>, kept: readonly Kept[], now: Date): Promise<void> => {
  if (kept.length === 0) return
  await keptTexts.into(
    tx,
    kept.map(({ digest, body }) => [digest, body, now.getTime()]),
  )
}

const keptTexts = insertRows('ledger_kept', ['digest', 'body', 'at'], ' on conflict ("digest") do nothing')

/** An export line holds 1,048,576 characters, and the worst character takes six of them there. */
const BODY_CHARS_MAX = 128 * 1024

const bodyOf = (event: LedgerEvent): string => {
  const body = canonicalEvent(event)
  if (body.length > BODY_CHARS_MAX) throw new RangeError('an event is larger than the log takes')
  return body
}

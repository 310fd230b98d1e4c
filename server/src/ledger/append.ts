import type { Transaction } from 'kysely'
import { insertRows } from '../kit/insert-rows.ts'
import { type Random, timedId } from '../kit/random.ts'
import type { Cell } from '../kit/run-text.ts'
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
  const events = drafts.map((draft) => eventOf(draft, given))
  await entries.into(tx, events.map(cellsOf))
  return events
}

const eventOf = (draft: EventDraft, { random, now }: { readonly random: Random; readonly now: Date }): LedgerEvent => ({
  ...draft,
  id: timedId(random, 'evt', now),
  at: now.toISOString(),
  schemaVersion: SCHEMA_VERSION,
})

/** Drafts and texts as they will stand in the tables, named and dated: plain cells, which JSON holds as they are. */
export interface Rows {
  readonly events: readonly (readonly Cell[])[]
  readonly kept: readonly (readonly Cell[])[]
  /** The events themselves, in the same order, of rows that were made here. */
  readonly told?: readonly LedgerEvent[] | undefined
}

/** One event as its row holds it, with the event where nobody has to read that for it. */
export interface Entry {
  readonly body: string
  readonly event?: LedgerEvent | undefined
}

/** What `appendEvents` and `keepBeside` would write, to be written later. */
export const rowsOf = (
  drafts: readonly EventDraft[],
  kept: readonly Kept[],
  given: { readonly random: Random; readonly now: Date },
): Required<Rows> => {
  const told = drafts.map((draft) => eventOf(draft, given))
  return { told, events: told.map(cellsOf), kept: kept.map((text) => keptCells(text, given.now)) }
}

/** The events of such rows. */
export const entriesIn = ({ events, told }: Rows): readonly Entry[] =>
  events.map((cells, at) => ({ body: String(cells[COLUMN_NAMES.length]), event: told?.[at] }))

/** Writes such rows. */
export const insertRowsOf = async (tx: Transaction<LedgerTables>, { events, kept }: Rows): Promise<void> => {
  await keptTexts.into(tx, kept)
  await entries.into(tx, events)
}

/** Writes the events of such rows where numbered ones are, numbered from here on. */
export const insertNumbered = async (
  tx: Transaction<LedgerTables>,
  events: Rows['events'],
  first: number,
): Promise<void> => {
  await numberedEntries.into(
    tx,
    events.map((cells, at) => [first + at, ...cells]),
  )
}

/** INVARIANT: the tables take what waits elsewhere. What they refused would be in the way of everything after it. */
export const areTaken = ({ events, kept }: Rows): boolean =>
  events.every((cells) => cells.every((cell, at) => isCell(cell) && (cell !== null || MAY_BE_NULL[at] === true))) &&
  kept.every(isWhole)

/** Whether each of these cells holds something that a column takes. */
export const isWhole = (cells: readonly Cell[]): boolean => cells.every((cell) => isCell(cell) && cell !== null)

const isCell = (cell: unknown): boolean => typeof cell === 'string' || cell === null || Number.isFinite(cell)

const NULLS: readonly string[] = ['actor_id', 'on_id', 'team', 'decision_id']
const MAY_BE_NULL = COLUMN_NAMES.map((name) => NULLS.includes(name))

/** The columns of the events and of the texts in such rows. */
export const EVENT_COLUMNS = [...COLUMN_NAMES, 'body']
export const KEPT_COLUMNS = ['digest', 'body', 'at']

const entries = insertRows('ledger_unnumbered', EVENT_COLUMNS)
const numberedEntries = insertRows('ledger_entry', ['seq', ...EVENT_COLUMNS])

const cellsOf = (event: LedgerEvent): readonly Cell[] => {
  const columns = columnsOf(event)
  return [...COLUMN_NAMES.map((name) => columns[name]), bodyOf(event)]
}

/** Keeps texts beside the log, each once, under its digest. */
export const keepBeside = async (tx: Transaction<LedgerTables>, kept: readonly Kept[], now: Date): Promise<void> => {
  if (kept.length === 0) return
  await keptTexts.into(
    tx,
    kept.map((text) => keptCells(text, now)),
  )
}

const keptCells = ({ digest, body }: Kept, now: Date): readonly Cell[] => [digest, body, now.getTime()]

const keptTexts = insertRows('ledger_kept', KEPT_COLUMNS, ' on conflict ("digest") do nothing')

/** An export line holds 1,048,576 characters, and the worst character takes six of them there. */
const BODY_CHARS_MAX = 128 * 1024

const bodyOf = (event: LedgerEvent): string => {
  const body = canonicalEvent(event)
  if (body.length > BODY_CHARS_MAX) throw new RangeError('an event is larger than the log takes')
  return body
}

import { canonicalize, NotCanonical } from '@reeve/sdk/ledger'
import type { Transaction } from 'kysely'
import type { Random } from '../kit/random.ts'
import { columnsOf } from './columns.ts'
import { type EventDraft, type Kept, type LedgerEvent, SCHEMA_VERSION } from './event.ts'
import type { LedgerTables } from './schema.ts'

/** Rows of one INSERT: SQLite allows 32,766 parameters, and this keeps the statement's text small. */
const ROWS_MAX = 200

/** Names and dates the drafts and appends them in the caller's transaction. They are numbered after it commits. */
export const appendEvents = async (
  tx: Transaction<LedgerTables>,
  drafts: readonly EventDraft[],
  given: { readonly random: Random; readonly now: Date },
): Promise<readonly LedgerEvent[]> => {
  const events = drafts.map((draft) => ({
    ...draft,
    id: given.random.id('evt'),
    at: given.now.toISOString(),
    schemaVersion: SCHEMA_VERSION,
  }))
  const rows = events.map((event) => ({ ...columnsOf(event), seq: null, body: bodyOf(event) }))
  for (let start = 0; start < rows.length; start += ROWS_MAX)
    await tx
      .insertInto('ledger_entry')
      .values(rows.slice(start, start + ROWS_MAX))
      .execute()
  return events
}

/** Keeps texts beside the log, each once, under its digest. */
export const keepBeside = async (tx: Transaction<LedgerTables>, kept: readonly Kept[], now: Date): Promise<void> => {
  if (kept.length === 0) return
  await tx
    .insertInto('ledger_kept')
    .values(kept.map(({ digest, body }) => ({ digest, body, at: now.getTime() })))
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
}

/** An export line holds 1,048,576 characters, and the worst character takes six of them there. */
const BODY_CHARS_MAX = 128 * 1024

const bodyOf = (event: LedgerEvent): string => {
  const body = canonicalText(event)
  if (body.length > BODY_CHARS_MAX) throw new RangeError('an event is larger than the log takes')
  return body
}

// What a caller claims may hold lone surrogates, which have no canonical text; the record must be kept all the same.
const canonicalText = (event: LedgerEvent): string => {
  try {
    return canonicalize(event)
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    return canonicalize(JSON.parse(replaceSurrogates(JSON.stringify(event))))
  }
}

// JSON.stringify escapes lone surrogates and no others; every escape is looked at whole, so `\\\\ud800` stays a text.
const replaceSurrogates = (json: string): string =>
  json.replaceAll(/\\(?:u[0-9a-f]{4}|.)/g, (found) => (/^\\ud[89a-f]/.test(found) ? '\\ufffd' : found))

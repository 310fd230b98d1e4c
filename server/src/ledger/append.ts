import { canonicalize } from '@reeve/sdk/ledger'
import type { Transaction } from 'kysely'
import type { Random } from '../kit/random.ts'
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
  const rows = events.map((event) => ({
    id: event.id,
    seq: null,
    at: given.now.getTime(),
    kind: event.kind,
    outcome: event.outcome,
    actor_id: event.actor.id,
    on_id: event.on?.id ?? null,
    decision_id: event.decision?.id ?? null,
    request_id: event.correlation.requestId,
    body: canonicalize(event),
  }))
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

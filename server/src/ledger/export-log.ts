import {
  canonicalize,
  type ExportPart,
  type ExportReaders,
  exportLines,
  type StoredCheckpoint,
  type StoredEntry,
} from '@reeve/sdk/ledger'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { checkpointsBetween } from './checkpoints.ts'
import { columnsOf, type EventColumns } from './columns.ts'
import { OUTCOMES } from './event.ts'
import type { LedgerTables } from './schema.ts'
import { leafText } from './sequencer.ts'
import { nodeReader } from './tree.ts'

const BATCH = 500

/**
 * The lines of an export of this log, in constant memory. What a row says beside its body is compared with the body:
 * where they differ both go out, so that the entry no longer matches its hash and the verifier names it.
 */
export const exportLog = (db: Handle<LedgerTables>, part: ExportPart): AsyncGenerator<string, void, undefined> =>
  exportLines(part, readersOf(db))

const readersOf = (db: Handle<LedgerTables>): ExportReaders => ({
  entries: (fromSeq, toSize) => entriesOf(db, fromSeq, toSize),
  checkpoints: (fromSize, toSize) => checkpointsOf(db, fromSize, toSize),
  getNode: nodeReader(db),
})

async function* entriesOf(db: Handle<LedgerTables>, fromSeq: number, toSize: number): AsyncGenerator<StoredEntry> {
  let from = fromSeq
  for (;;) {
    const rows = await readRows(db, from, toSize)
    for (const row of rows) yield toStored(row)
    const last = rows.at(-1)
    if (last === undefined || rows.length < BATCH) return
    from = last.seq + 1
  }
}

async function* checkpointsOf(
  db: Handle<LedgerTables>,
  fromSize: number,
  toSize: number,
): AsyncGenerator<StoredCheckpoint> {
  let from = fromSize
  for (;;) {
    const found = await checkpointsBetween(db, from, toSize, BATCH)
    yield* found
    const last = found.at(-1)
    if (last === undefined || found.length < BATCH) return
    from = last.size + 1
  }
}

// Served by ledger_entry_seq and the nodes' primary key. A leaf that is not stored must not hide its entry.
const readRows = async (db: Handle<LedgerTables>, fromSeq: number, toSize: number): Promise<readonly Row[]> => {
  const rows = await db
    .selectFrom('ledger_entry')
    .leftJoin('ledger_node', (join) =>
      join.onRef('ledger_node.idx', '=', 'ledger_entry.seq').on('ledger_node.level', '=', 0),
    )
    .select([
      'ledger_entry.seq',
      'ledger_entry.id',
      'ledger_entry.at',
      'ledger_entry.kind',
      'ledger_entry.outcome',
      'ledger_entry.actor_id',
      'ledger_entry.on_id',
      'ledger_entry.team',
      'ledger_entry.decision_id',
      'ledger_entry.request_id',
      'ledger_entry.body',
      'ledger_node.hash',
    ])
    .where('ledger_entry.seq', '>=', fromSeq)
    .where('ledger_entry.seq', '<', toSize)
    .orderBy('ledger_entry.seq')
    .limit(BATCH)
    .execute()
  return rows.map((row) => ({ ...row, seq: row.seq ?? -1 }))
}

interface Row extends EventColumns {
  readonly seq: number
  readonly body: string
  readonly hash: string | null
}

const HASH_BYTES = 32

const toStored = ({ seq, body, hash, ...columns }: Row): StoredEntry => {
  const stored = Buffer.from(hash ?? '', 'base64')
  const leaf = stored.length === HASH_BYTES ? stored : Buffer.alloc(HASH_BYTES)
  const event = readBody(body)
  return { seq, leaf, text: agrees(event, columns) ? leafText(body, seq) : canonicalize({ columns, event, seq }) }
}

// A body that is no JSON any more goes out as the text that it is.
const readBody = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

const WithId = z.object({ id: z.string().nullable() })
const Indexed = z.object({
  id: z.string(),
  at: z.string(),
  kind: z.string(),
  outcome: z.enum(OUTCOMES),
  actor: WithId,
  on: WithId.extend({ team: z.string().nullable().optional() }).nullable(),
  decision: z.object({ id: z.string() }).nullable(),
  evidence: z.record(z.string(), z.unknown()),
  correlation: z.object({ requestId: z.string() }),
})

const agrees = (event: unknown, columns: EventColumns): boolean => {
  const parsed = Indexed.safeParse(event)
  if (!parsed.success) return false
  const due = new Map<string, unknown>(Object.entries(columnsOf(parsed.data)))
  return Object.entries(columns).every(([name, value]) => due.get(name) === value)
}

import { PostgresAdapter, sql, type Transaction } from 'kysely'
import type { Database, Handle } from '../kit/database.ts'
import { runText } from '../kit/run-text.ts'
import type { Entry } from './append.ts'
import type { Blocks } from './blocks.ts'
import { COLUMN_NAMES } from './columns.ts'
import type { LedgerTables } from './schema.ts'

/** So many entries get their numbers in one transaction at most. */
const NUMBERED_AT_ONCE = 1000

// Any constant that nothing else in this database uses: PostgreSQL's advisory locks are named by numbers.
const ADVISORY_LOCK = 7_236_001

/** On PostgreSQL one replica numbers at a time, and the others wait: what they committed is numbered when they get it. */
export const takeTurn = async (database: Database, tx: Transaction<LedgerTables>): Promise<void> => {
  if (database.engine === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(tx)
}

/** What waits for its number in one row: an entry, or on PostgreSQL a block of them. */
export interface Unnumbered {
  readonly position: number
  /** Of a block its first event, by which it is known; undefined of an entry by itself. */
  readonly block: string | undefined
  readonly entries: readonly Entry[]
}

/** What was found waiting. */
interface Found {
  readonly rows: readonly Unnumbered[]
  /** All was taken that is taken at once. */
  readonly isFull: boolean
  /** Others wait behind these. */
  readonly areMore: boolean
}

/** The first of those that wait, up to this place. The order among what is committed is free to choose. */
export const unnumbered = async (
  { engine }: Database,
  tx: Transaction<LedgerTables>,
  given: { readonly last: number; readonly blocks: Blocks | undefined },
): Promise<Found> => {
  if (engine === 'postgres') return unnumberedBlocks(tx, given.blocks)
  const found = await runText<{ position: number; body: string }>(tx, UNNUMBERED, [])
  const rows = found
    .filter(({ position }) => position <= given.last)
    .map(({ position, body }) => ({ position, block: undefined, entries: [{ body }] }))
  const isFull = rows.length === NUMBERED_AT_ONCE
  return { rows, isFull, areMore: isFull || rows.length < found.length }
}

const unnumberedBlocks = async (tx: Transaction<LedgerTables>, blocks: Blocks | undefined): Promise<Found> => {
  const found = await runText<FoundWaiting>(tx, WAITING, [])
  const taken: Waiting[] = []
  let count = 0
  for (const { position, id, body, ...row } of found) {
    if (count >= NUMBERED_AT_ONCE) break
    // Looked for once: while others are read, what is remembered may be forgotten.
    if (body === null) taken.push({ position, block: id, entries: blocks?.entriesOf(id) })
    else taken.push({ position, block: undefined, entries: [{ body }] })
    count += row.count
  }
  const unknown = taken.filter(({ entries }) => entries === undefined)
  const read = unknown.length === 0 ? [] : await runText<Read>(tx, BODIES, [listOf(unknown)])
  const bodies = new Map(read.map(({ position, body }) => [position, body]))
  const rows = taken.map(({ position, block, entries }) => ({
    ...{ position, block },
    entries: entries ?? (bodies.get(position) ?? []).map((body) => ({ body })),
  }))
  const isFull = count >= NUMBERED_AT_ONCE || found.length >= NUMBERED_AT_ONCE
  // What is left behind is so because it is full.
  return { rows, isFull, areMore: isFull }
}

interface FoundWaiting {
  readonly position: number
  /** Its own, or that of a block's first event. */
  readonly id: string
  /** Null of a block. */
  readonly body: string | null
  readonly count: number
}

/** What waits, of a block without its entries until they are read. */
type Waiting = Omit<Unnumbered, 'entries'> & { readonly entries: Unnumbered['entries'] | undefined }

interface Read {
  readonly position: number
  readonly body: readonly string[]
}

const listOf = (rows: readonly { readonly position: number }[]): string =>
  `{${rows.map(({ position }) => position).join(',')}}`

// The texts of a run are made once: it comes after every few commits, and building them costs more than running them.
const UNNUMBERED = `select "position", "body" from "ledger_unnumbered" order by "position" limit ${NUMBERED_AT_ONCE}`
// INVARIANT: one statement sees all of one moment: what was committed after something of the one table would otherwise be met in the other without it.
const WAITING = `select * from (
    (select "position", "id", "body", 1 as "count" from "ledger_unnumbered" order by "position" limit ${NUMBERED_AT_ONCE})
    union all
    (select "position", "id"[1], null, cardinality("id") from "ledger_block" order by "position" limit ${NUMBERED_AT_ONCE})
  ) "waiting" order by "position" limit ${NUMBERED_AT_ONCE}`
const BODIES = 'select "position", "body" from "ledger_block" where "position" = any($1::bigint[])'

/**
 * What is committed by now; PostgreSQL lets nobody see what is not durable. On SQLite places are given anew once all have
 * left; INVARIANT: the one sequencer of the one process takes them away, and one of its runs follows the other.
 */
export const lastPosition = async ({ engine, reader }: Database): Promise<number> => {
  if (engine === 'postgres') return 0
  const [row] = await runText<{ position: number | null }>(reader, LAST, [])
  return row?.position ?? 0
}

// The table's name stands without quotes: what is ahead of it is not to come there first (see `Ahead`), its numbers come by themselves.
const LAST = 'select max(position) as position from ledger_unnumbered'

/** The moment of the first entry that waits for its number; undefined while none does. */
export const firstWaitingAt = async (db: Handle<LedgerTables>): Promise<number | undefined> => {
  const text = db.getExecutor().adapter instanceof PostgresAdapter ? FIRST_OF_BOTH : FIRST
  const [row] = await runText<{ at: number }>(db, text, [])
  return row?.at
}

const FIRST = 'select "at" from "ledger_unnumbered" order by "position" limit 1'
// Not of the view, which opens each block that waits. Both are served by their primary keys; what is in a block has one moment.
const FIRST_OF_BOTH = `select "at" from (
    (select "position", "at" from "ledger_unnumbered" order by "position" limit 1)
    union all
    (select "position", "at"[1] from "ledger_block" order by "position" limit 1)
  ) "first" order by "position" limit 1`

/** The entries go where they are found and searched, each with its number: the positions ascend, so the numbers do as well. */
export const moveNumbered = async (
  { engine }: Database,
  tx: Transaction<LedgerTables>,
  rows: readonly Unnumbered[],
  first: number,
): Promise<void> => {
  if (rows.length === 0) return
  if (engine === 'postgres') {
    const [entries, blocks] = [
      rows.filter(({ block }) => block === undefined),
      rows.filter(({ block }) => block !== undefined),
    ]
    const [moved] = await runText<{ count: number }>(tx, MOVE_THESE, [listOf(entries), listOf(blocks), first])
    const count = rows.reduce((sum, row) => sum + row.entries.length, 0)
    // INVARIANT: the tree has a leaf for each entry that has a number. This transaction comes to nothing otherwise.
    if (moved?.count !== count)
      throw new Error(`${moved?.count} entries were to be numbered, and ${count} are in the tree`)
    return
  }
  // Nobody else writes meanwhile: what lies between the first and the last is what was read.
  const span = [rows[0]?.position ?? 0, rows.at(-1)?.position ?? 0]
  await runText(tx, COPY_SPAN, [first, ...span])
  await runText(tx, DELETE_SPAN, span)
}

const NAMES = [...COLUMN_NAMES, 'body'].map((name) => `"${name}"`).join(', ')
const COPY_SPAN = `insert into "ledger_entry" ("seq", ${NAMES})
  select ? + row_number() over (order by "position") - 1, ${NAMES} from "ledger_unnumbered"
  where "position" between ? and ? order by "position"`
const DELETE_SPAN = 'delete from "ledger_unnumbered" where "position" between ? and ?'
const OF_BLOCK = [...COLUMN_NAMES, 'body'].map((name) => `"opened"."${name}"`).join(', ')
const MOVE_THESE = `with "moved" as (delete from "ledger_unnumbered" where "position" = any($1::bigint[]) returning *),
  "opened" as (delete from "ledger_block" where "position" = any($2::bigint[]) returning *),
  "going" as (
    select "position", 0 as "place", ${NAMES} from "moved"
    union all
    select "opened"."position", "event".* from "opened"
    cross join lateral (select "place", ${NAMES} from unnest(${OF_BLOCK}) with ordinality as "given" (${NAMES}, "place")) "event"
  ),
  "numbered" as (
    insert into "ledger_entry" ("seq", ${NAMES})
    select $3::bigint + row_number() over (order by "position", "place") - 1, ${NAMES} from "going" order by "position", "place"
    returning 1
  )
  select count(*) as "count" from "numbered"`

/**
 * Has what an older release wrote into the log without a number wait for one as everything does. While replicas of both are
 * there, theirs number such entries as well: whoever has the turn sees what the others did.
 */
export const adoptOlder = async (database: Database): Promise<void> => {
  for (;;) {
    // Mostly there is nothing: that is seen without a turn. Served by ledger_entry_unnumbered, which is as small as that.
    if ((await runText(database.reader, 'select 1 from "ledger_entry" where "seq" is null limit 1', [])).length === 0)
      return
    await database.write(async (tx: Transaction<LedgerTables>) => {
      await takeTurn(database, tx)
      if (database.engine === 'postgres') return runText(tx, ADOPT, [])
      // Nobody else writes meanwhile.
      await runText(tx, ADOPT_ALL, [])
      return runText(tx, FORGET_ALL, [])
    })
  }
}

const ADOPT = `with moved as (
    delete from "ledger_entry" where "seq" is null and "position" in
      (select "position" from "ledger_entry" where "seq" is null order by "position" limit ${NUMBERED_AT_ONCE})
    returning *
  )
  insert into "ledger_unnumbered" (${NAMES}) select ${NAMES} from moved order by "position"`
const ADOPT_ALL = `insert into "ledger_unnumbered" (${NAMES})
  select ${NAMES} from "ledger_entry" where "seq" is null order by "position"`
const FORGET_ALL = 'delete from "ledger_entry" where "seq" is null'

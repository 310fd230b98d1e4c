import { areTaken, EVENT_COLUMNS, KEPT_COLUMNS, type Rows } from '../ledger/append.ts'
import { type ArrayType, binaryArray } from './binary-array.ts'
import { HELD_HEAD } from './changes.ts'
import type { Database } from './database.ts'
import type { Cell } from './run-text.ts'
import { nameOf, ONCE_COLUMNS, type Once, onceCells } from './spend-once.ts'

/** What is recorded of calls that were judged at this head, and what they use up. */
export interface AtOnce {
  readonly head: number
  readonly uses: readonly Once[]
  readonly rows: Rows
}

/**
 * Records in one round trip, where the engine is one that takes six for the same: all of it if the head is still the one at which it was
 * judged and all that is used up is new, and otherwise nothing. Gives whether it did: where it did not, a transaction has to see why.
 */
export const recordAtOnce = async (
  { writeAtOnce }: Pick<Database, 'writeAtOnce'>,
  { head, uses, rows }: AtOnce,
): Promise<boolean> => {
  if (writeAtOnce === undefined || rows.events.length === 0) return false
  const named = new Map(uses.map((use) => [nameOf(use), use]))
  // A list in a row holds what the log's own columns refuse, and nothing behind it would get a number.
  if (named.size < uses.length || !areTaken(rows)) return false
  // In the order in which the transaction spends them, on every replica, so that two cannot wait for each other.
  const spent = [...named.keys()].sort().flatMap((name) => named.get(name) ?? [])
  const cells = [
    head,
    ...arraysOf(ONCE_COLUMNS, spent.map(onceCells)),
    ...arraysOf(KEPT_COLUMNS, rows.kept),
    ...arraysOf(EVENT_COLUMNS, rows.events),
  ]
  try {
    return (await writeAtOnce(RECORD, cells)).length === 1
  } catch (error) {
    if (isRefusal(error)) return false
    throw error
  }
}

// Moments are numbers, and all else is text.
const typeOf = (column: string): ArrayType => (column === 'at' || column === 'until' ? 'bigint' : 'text')

/** A parameter for each column. */
const arraysOf = (columns: readonly string[], rows: readonly (readonly Cell[])[]): readonly Buffer[] =>
  columns.map((column, place) =>
    binaryArray(
      typeOf(column),
      rows.map((row) => row[place] ?? null),
    ),
  )

const namesOf = (columns: readonly string[]): string => columns.map((column) => `"${column}"`).join(', ')

/** Such parameters, of which the first has this number. */
const parametersOf = (columns: readonly string[], first: number): string =>
  columns.map((column, place) => `$${first + place}::${typeOf(column)}[]`).join(', ')

/** Inserts what they hold, a row for each. */
const insertArrays = (table: string, columns: readonly string[], first: number): string => {
  const names = namesOf(columns)
  return `insert into "${table}" (${names}) select ${names} from unnest(${parametersOf(columns, first)}) as "given" (${names})`
}

/** Inserts them as they are, in one row. */
const insertWhole = (table: string, columns: readonly string[], first: number): string =>
  `insert into "${table}" (${namesOf(columns)}) select ${parametersOf(columns, first)}`

// INVARIANT: what it waits for, it waits for in the order of the transaction: head, uses, texts, events; each part counts the one before,
// which has to be whole for that. A use that is not new is a unique violation, and of a statement that fails nothing stays.
const IS_HEAD = '(select "value" from "head") = $1'
const FIRST_KEPT = 2 + ONCE_COLUMNS.length
const FIRST_EVENT = FIRST_KEPT + KEPT_COLUMNS.length
const RECORD = {
  name: 'record-at-once',
  text: `${HELD_HEAD},
  "spent" as (${insertArrays('kit_once', ONCE_COLUMNS, 2)} where ${IS_HEAD} returning 1),
  "kept" as (
    ${insertArrays('ledger_kept', KEPT_COLUMNS, FIRST_KEPT)} where ${IS_HEAD} and (select count(*) from "spent") >= 0
    on conflict ("digest") do nothing returning 1
  )
  ${insertWhole('ledger_block', EVENT_COLUMNS, FIRST_EVENT)} where ${IS_HEAD} and (select count(*) from "kept") >= 0
  returning "position"`,
}

// The engine says of these that the statement came to nothing: data exceptions, integrity, rollbacks. Of anything else the transaction
// would not make more, or nobody knows whether it was committed, as 40003 says in so many words.
const REFUSAL = /^(?:(?:22|23)...|40(?!003)...)$/
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && REFUSAL.test(String(error.code))

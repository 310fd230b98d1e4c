import { PostgresAdapter, type Transaction } from 'kysely'
import { type Cell, runText } from './run-text.ts'

/** An INSERT whose text is made once: the hot path writes many rows of few shapes, and building a query costs more than running it. */
export interface InsertRows {
  /** Inserts the rows, each a cell for each column in order; gives what `returning` names of those that were inserted. */
  into<Tables>(
    tx: Transaction<Tables>,
    rows: readonly (readonly Cell[])[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>
}

type Statement = { readonly text: string; readonly count: number; readonly cells: readonly Cell[] }

/** Prepares an INSERT into these columns. `ending` is what follows the values, such as ON CONFLICT. */
export const insertRows = (table: string, columns: readonly string[], ending = ''): InsertRows => {
  const names = columns.map((column) => `"${column}"`).join(', ')
  const head = `insert into "${table}" (${names})`
  const texts = new Map(
    SIZES.map((size) => [size, `${head} values ${Array(size).fill(placesOf(columns)).join(', ')}${ending}`]),
  )
  const asJson = `${head} select ${names} from json_populate_recordset(null::"${table}", $1)${ending}`

  const listed = (rows: readonly (readonly Cell[])[], start: number): Statement => {
    const count = SIZES.find((size) => size <= rows.length - start) ?? 1
    const cells: Cell[] = []
    for (let at = start; at < start + count; at++) for (const cell of rows[at] ?? []) cells.push(cell)
    return { text: texts.get(count) ?? '', count, cells }
  }
  const inOneText = (rows: readonly (readonly Cell[])[], start: number): Statement => {
    const taken = rows.slice(start, start + JSON_ROWS_MAX)
    const objects = taken.map((row) => Object.fromEntries(columns.map((column, at) => [column, asText(row[at])])))
    return { text: asJson, count: taken.length, cells: [JSON.stringify(objects)] }
  }
  return {
    into: async (tx, rows) => {
      const next = isPostgres(tx) ? inOneText : listed
      const found: Record<string, unknown>[] = []
      for (let start = 0; start < rows.length; ) {
        const { text, count, cells } = next(rows, start)
        found.push(...(await runText(tx, text, cells)))
        start += count
      }
      return found
    },
  }
}

// SQLite: the database keeps prepared statements by their text, so there are few of them, whatever the number of rows.
const SIZES = [64, 16, 4, 1]
// PostgreSQL: one parameter for all rows. One for each cell takes several round trips and three times the processor time.
const JSON_ROWS_MAX = 1_000

const placesOf = (columns: readonly string[]): string => `(${columns.map(() => '?').join(', ')})`

// JSON would keep a lone surrogate as an escape, which PostgreSQL refuses; as a parameter of its own it becomes U+FFFD.
const asText = (cell: Cell | undefined): Cell => (typeof cell === 'string' ? cell.toWellFormed() : (cell ?? null))

const isPostgres = <Tables>(tx: Transaction<Tables>): boolean => tx.getExecutor().adapter instanceof PostgresAdapter

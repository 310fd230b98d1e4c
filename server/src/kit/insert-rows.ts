import { CompiledQuery, PostgresAdapter, type Transaction } from 'kysely'

/** A value as both engines store it. */
type Cell = string | number | null

/** An INSERT whose text is made once: the hot path writes many rows of few shapes, and building a query costs more than running it. */
export interface InsertRows {
  /** Inserts the rows, each a cell for each column in order; gives what `returning` names of those that were inserted. */
  into<Tables>(
    tx: Transaction<Tables>,
    rows: readonly (readonly Cell[])[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>
}

// The database keeps prepared statements by their text: so there are few of them, whatever the number of rows.
const SIZES = [64, 16, 4, 1]

/** Prepares an INSERT into these columns. `ending` is what follows the values, such as ON CONFLICT. */
export const insertRows = (table: string, columns: readonly string[], ending = ''): InsertRows => {
  const head = `insert into "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) values `
  const texts = new Map<string, string>()
  const textOf = (isNumbered: boolean, count: number): string => {
    const name = `${isNumbered} ${count}`
    const made = texts.get(name) ?? head + valuesOf(isNumbered, count, columns.length) + ending
    texts.set(name, made)
    return made
  }
  return {
    into: async (tx, rows) => {
      const isNumbered = isPostgres(tx)
      const found: Record<string, unknown>[] = []
      for (let start = 0; start < rows.length; ) {
        const left = rows.length - start
        const count = SIZES.find((size) => size <= left) ?? 1
        const cells = rows.slice(start, start + count).flat()
        const answer = await tx.executeQuery<Record<string, unknown>>(
          CompiledQuery.raw(textOf(isNumbered, count), cells),
        )
        found.push(...answer.rows)
        start += count
      }
      return found
    },
  }
}

/** `(?, ?), (?, ?)`, or with PostgreSQL's numbers. */
const valuesOf = (isNumbered: boolean, rows: number, columns: number): string =>
  Array.from(
    { length: rows },
    (_, row) =>
      `(${Array.from({ length: columns }, (__, column) => (isNumbered ? `$${row * columns + column + 1}` : '?')).join(', ')})`,
  ).join(', ')

const isPostgres = <Tables>(tx: Transaction<Tables>): boolean => tx.getExecutor().adapter instanceof PostgresAdapter

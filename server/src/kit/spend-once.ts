import type { Transaction } from 'kysely'
import { insertRows } from './insert-rows.ts'
import type { Cell } from './run-text.ts'
import type { KitTables } from './schema.ts'

/** Something that may be used once, ever: a key in a named space, and until when it must be remembered. */
export interface Once {
  readonly space: string
  readonly key: string
  readonly until: Date
}

/** Its name among all that may be used once. */
export const nameOf = ({ space, key }: { readonly space: string; readonly key: string }): string =>
  JSON.stringify([space, key])

/** Its row. */
export const onceCells = ({ space, key, until }: Once): readonly Cell[] => [space, key, until.getTime()]

/** Spends all of these; gives the names of those that nobody had spent before. */
export const spendRows = async (tx: Transaction<KitTables>, uses: readonly Once[]): Promise<ReadonlySet<string>> => {
  if (uses.length === 0) return new Set()
  const spent = await newRows.into(tx, uses.map(onceCells))
  return new Set(spent.map(({ space, key }) => nameOf({ space: String(space), key: String(key) })))
}

/** Writes the rows of what was found to be new, and is spent already. */
export const storeSpent = async (tx: Transaction<KitTables>, rows: readonly (readonly Cell[])[]): Promise<void> => {
  await spentRows.into(tx, rows)
}

/** What `onceCells` are in. */
export const ONCE_COLUMNS = ['space', 'key', 'until']
const UNLESS_SPENT = ' on conflict ("space", "key") do nothing'
const newRows = insertRows('kit_once', ONCE_COLUMNS, `${UNLESS_SPENT} returning "space", "key"`)
const spentRows = insertRows('kit_once', ONCE_COLUMNS, UNLESS_SPENT)

/** Whether any of these is in the table. `look` answers at once, as the embedded database does. */
export const isAnySpent = (
  look: (text: string, cells: readonly Cell[]) => readonly object[],
  uses: readonly Once[],
): boolean => {
  for (let start = 0; start < uses.length; ) {
    const { count, text } = LOOKS.find((each) => each.count <= uses.length - start) ?? ONE
    const cells = uses.slice(start, start + count).flatMap(({ space, key }) => [space, key])
    if (look(text, cells).length > 0) return true
    start += count
  }
  return false
}

// Many in one statement, since each is a transaction of its own. Served by the primary key, once for each that is asked about.
const lookFor = (count: number) => ({
  count,
  text: `select 1 from (values ${Array(count).fill('(?, ?)').join(', ')}) as asked
    cross join "kit_once" as spent on spent."space" = asked.column1 and spent."key" = asked.column2 limit 1`,
})
const ONE = lookFor(1)
const LOOKS = [64, 16, 4].map(lookFor)

import { CompiledQuery, type Kysely, SqliteAdapter } from 'kysely'

/** A value as both engines store it. */
export type Cell = string | number | null

/** A row as it was found. */
export type Row = Readonly<Record<string, unknown>>

/** What the embedded database answers at once, on the one connection that reads or writes. */
export class DirectAdapter extends SqliteAdapter {
  readonly direct: (text: string, cells: readonly Cell[]) => readonly Row[]
  /** What is to be waited for before this is asked. */
  readonly before: ((text: string) => Promise<void> | undefined) | undefined

  constructor(direct: DirectAdapter['direct'], before?: DirectAdapter['before']) {
    super()
    this.direct = direct
    this.before = before
  }

  // INVARIANT: whoever waits for what is ahead holds up nobody else who reads: the transaction that brings it may be behind one that
  // reads as well. Where there is nothing to wait for there are transactions, and they need their turn.
  override get supportsMultipleConnections() {
    return this.before !== undefined
  }

  // INVARIANT: a migration is done as a whole or not at all, however the process ends. SQLite can do that; Kysely does
  // it only when it is told.
  override get supportsTransactionalDdl() {
    return true
  }
}

/** A handle on the database, whatever its tables. */
type Runs = Pick<Kysely<unknown>, 'getExecutor' | 'executeQuery'>

/**
 * Runs a statement whose text was made once, in the caller's transaction. INVARIANT: on SQLite there is one connection
 * that writes and its transactions follow each other, so that what goes to it directly is in the one that is open.
 */
export const runText = async <Found extends object = Row>(
  db: Runs,
  text: string,
  cells: readonly Cell[],
): Promise<readonly Found[]> => {
  const executor = db.getExecutor()
  const { adapter } = executor
  if (adapter instanceof DirectAdapter) {
    const waiting = adapter.before?.(text)
    if (waiting !== undefined) await waiting
    // The connection is asked for although it is known: that is refused to a transaction that is over, whose statement
    // would otherwise be one by itself, or in another transaction. A row has what the text selects, as its writer says.
    return executor.provideConnection(async () => adapter.direct(text, cells) as readonly Found[])
  }
  return (await db.executeQuery<Found>(CompiledQuery.raw(text, [...cells]))).rows
}

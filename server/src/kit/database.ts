import type { Kysely, Transaction } from 'kysely'
import { openPostgres } from './postgres.ts'
import type { Cell, Row } from './run-text.ts'
import { openSqlite } from './sqlite.ts'

// A transaction handed from one room to a port of another: the room that plugs the port in names its own tables.
// biome-ignore lint/suspicious/noExplicitAny: the tables differ by room; each store types its own handle
export type AnyTx = Transaction<any>
/** A read handle of no room in particular. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyDb = Kysely<any>

/** A handle on these tables, in a transaction or outside one: what a store's reading functions take. */
export type Handle<Tables> = Kysely<Tables> | Transaction<Tables>

/** What is durable elsewhere and not in its table yet: it comes there before anybody writes, or reads that table. */
export interface Ahead {
  /** As a query names them. */
  readonly tables: readonly string[]
  isEmpty(): boolean
  /** Writes all of it; `brought` follows once that is committed. */
  bring(tx: AnyTx): Promise<void>
  brought(): void
}

/** What whoever puts something ahead may ask of the database. */
export interface GoneAhead {
  isIdle(): boolean
  /** Asks for what is committed and has it at once; only while nobody writes. */
  look(text: string, cells: readonly Cell[]): readonly object[]
  /** As `writeGroup`, but `work` itself brings what is ahead to where it belongs, all of it. */
  writeBringing<T>(work: (tx: AnyTx) => Promise<T>): Promise<T>
}

/** A statement whose text is always the same. */
export interface Named {
  readonly name: string
  readonly text: string
}

/** Which engine answers. */
export type Engine = 'sqlite' | 'postgres'

/** The database: one way to write (a transaction), one to read, and a wake-up when another replica wrote. */
export interface Database {
  readonly engine: Engine
  /** Runs `work` in one transaction; resolves after the commit is durable. Retries what the engine asks to retry. */
  write<T>(work: (tx: AnyTx) => Promise<T>): Promise<T>
  /**
   * The same for a batch of records on the hot path: resolves after it is durable as well, but others may read and
   * write what it committed a moment earlier. So it is for what nobody answers from before it is numbered.
   */
  writeGroup<T>(work: (tx: AnyTx) => Promise<T>): Promise<T>
  /**
   * Runs one statement that is a transaction by itself, and gives the rows that it returns; resolves after that is durable. Only where a
   * transaction takes round trips to another process. Its plan is kept under its name.
   */
  writeAtOnce?(statement: Named, cells: readonly (Cell | Buffer)[]): Promise<readonly Row[]>
  /** Resolves when all that was committed before is durable. */
  settled(): Promise<void>
  /**
   * Has this come into its table before others look there; only where one process has the database, elsewhere undefined. `isIdle`
   * says that nobody writes or waits to. INVARIANT: only then may anything be put ahead: no transaction reads past it.
   */
  goAhead?(ahead: Ahead): GoneAhead
  /** Reads outside any transaction; on SQLite a connection of its own that cannot write. */
  readonly reader: AnyDb
  /** For the migrator alone, which makes its own transactions. */
  readonly writer: AnyDb
  /** Calls `wake` when another replica committed something on this channel. Returns how to stop. */
  listen(channel: string, wake: () => void): Promise<() => Promise<void>>
  /** Tells the other replicas, within the transaction that it is about. */
  notify(tx: AnyTx, channel: string): Promise<void>
  close(): Promise<void>
}

/** Where the database is: a folder for the embedded one, a URL for PostgreSQL. */
export type DatabasePlace =
  | { readonly sqliteFile: string }
  | { readonly postgresUrl: string; readonly poolSize: number }

/** Opens the database; the caller has made sure that no other process has the folder. */
export const openDatabase = (place: DatabasePlace): Database =>
  'sqliteFile' in place ? openSqlite(place.sqliteFile) : openPostgres(place.postgresUrl, place.poolSize)

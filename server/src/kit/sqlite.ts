import { closeSync, fdatasync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type DatabaseConnection, Kysely, SqliteDialect, SqliteDriver } from 'kysely'
import { createLogCopier } from './copy-log.ts'
import type { Ahead, AnyDb, AnyTx, Database } from './database.ts'
import { groupFlush } from './group-flush.ts'
import { type Cell, DirectAdapter } from './run-text.ts'

/** The embedded database: one writer, one reader, WAL, and a durable fsync at every commit. */
export const openSqlite = (file: string): Database => {
  const { raw, db: writer, direct: look } = connect(file)
  const { db: reader } = connect(file, (text) =>
    ahead === undefined || ahead.isEmpty() || !ahead.tables.some((table) => text.includes(table))
      ? undefined
      : bringForReader(),
  )
  const inTurn = serial()
  const wal = flushable(`${file}-wal`)
  const whole = flushable(file)
  const flush = groupFlush(wal.flush)
  const flushes = flushing(raw)
  const copier = createLogCopier({ flushLog: flush, copy: copying(raw, flushes), flushFile: whole.flush })
  let ahead: Ahead | undefined
  let inQueue = 0
  const queue = async <T>(work: () => Promise<T>, before = bring): Promise<T> => {
    inQueue += 1
    try {
      const value = await inTurn(async () => {
        copier.assertSound()
        await before()
        return work()
      })
      // Nobody waits for it; what went wrong is what everybody is told who writes after it.
      if (copier.committed()) inTurn(copier.run).catch(() => undefined)
      return value
    } finally {
      inQueue -= 1
    }
  }
  const bring = async (): Promise<void> => {
    if (ahead === undefined || ahead.isEmpty()) return
    flushes('NORMAL')
    await writer.transaction().execute(ahead.bring)
    ahead.brought()
  }
  const writeBringing = async <T>(work: (tx: AnyTx) => Promise<T>): Promise<T> => {
    const write = async (): Promise<T> => {
      flushes('NORMAL')
      const value = await writer.transaction().execute(work)
      if (ahead?.isEmpty() === false) ahead.brought()
      return value
    }
    const value = await queue(write, async () => undefined)
    await flush()
    return value
  }
  // Of a disk that is full, what was there before can still be read.
  const bringForReader = (): Promise<void> => queue(async () => undefined).catch(() => undefined)
  return {
    engine: 'sqlite',
    reader,
    writer,
    write: (work) =>
      queue(() => {
        flushes('FULL')
        return writer.transaction().execute(work)
      }),
    writeGroup: async (work) => {
      const value = await queue(() => {
        flushes('NORMAL')
        return writer.transaction().execute(work)
      })
      // With NORMAL a commit is in the log but not flushed. It is now, on another thread, while this one goes on serving.
      await flush()
      return value
    },
    settled: flush,
    goAhead: (given) => {
      ahead = given
      return { isIdle: () => inQueue === 0, look, writeBringing }
    },
    // One process has the folder (see lock.ts), so there is nobody else to hear from or to tell.
    listen: async () => async () => undefined,
    notify: async () => undefined,
    close: async () => {
      await bringForReader()
      // What was ahead is still kept elsewhere unless this says that the disk took it.
      await flush().catch(() => undefined)
      // Whoever closes last copies the log into the file, and must flush both.
      await inTurn(async () => flushes('FULL'))
      await reader.destroy()
      await writer.destroy()
      // Not before: to close any handle of a file gives back all locks that this process has on it.
      wal.close()
      whole.close()
    },
  }
}

/** A file of the database that can be flushed. It stays the same one for as long as the writer is open. */
const flushable = (path: string) => {
  let opened: number | undefined
  return {
    // By number and callback: a handle's promises would cost more than the flush on a fast disk.
    flush: () =>
      new Promise<void>((resolve, reject) => {
        opened ??= openSync(path, 'r+')
        fdatasync(opened, (error) => (error === null ? resolve() : reject(error)))
      }),
    close: () => {
      if (opened !== undefined) closeSync(opened)
      opened = undefined
    },
  }
}

/**
 * Says what the next writer's commit flushes by itself; told again only where it differs from the last, since groups follow
 * groups. INVARIANT: whoever writes in its turn says it first, and nobody writes otherwise but migrations, before all, with FULL.
 */
const flushing = (raw: DatabaseSync): ((level: 'FULL' | 'NORMAL' | 'OFF') => void) => {
  let last: 'FULL' | 'NORMAL' | 'OFF' = 'FULL'
  return (level) => {
    if (level === last) return
    raw.exec(`PRAGMA synchronous = ${level}`)
    last = level
  }
}

/** Copies the log as SQLite does, but for the flushes: see copy-log.ts. */
const copying = (raw: DatabaseSync, flushes: ReturnType<typeof flushing>) => {
  let statement: StatementSync | undefined
  return () => {
    flushes('OFF')
    statement ??= raw.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    const { log, checkpointed } = statement.get() ?? {}
    return { pages: Number(log), copied: Number(checkpointed) }
  }
}

// INVARIANT: transactions run one after the other; a second BEGIN on the one writer would join the first.
const serial = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}

/** A connection, which only reads where `before` is given; that is told of each question, and waited for. */
const connect = (file: string, before?: Before) => {
  const isReadOnly = before !== undefined
  const raw = new DatabaseSync(file, { readOnly: isReadOnly, enableForeignKeyConstraints: true })
  raw.exec('PRAGMA busy_timeout = 5000')
  // The log is copied long before it has so many pages, unless one transaction writes as much.
  if (!isReadOnly) raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000')
  raw.exec('PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY')
  const database = adapter(raw)
  const dialect = new SqliteDialect({ database })
  if (before !== undefined) dialect.createDriver = () => new WaitingDriver(database, before)
  const direct: DirectAdapter['direct'] = (text, cells) => database.prepare(text).direct(cells)
  dialect.createAdapter = () => new DirectAdapter(direct, before)
  // biome-ignore lint/suspicious/noExplicitAny: see AnyDb
  const db: AnyDb = new Kysely<any>({ dialect })
  return { raw, db, direct }
}

/** What is to be waited for before this is asked. */
type Before = (text: string) => Promise<void> | undefined

/** Whoever reads has what was put ahead of the tables come there first. */
class WaitingDriver extends SqliteDriver {
  readonly #before: Before

  constructor(database: ReturnType<typeof adapter>, before: Before) {
    super({ database })
    this.#before = before
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection()
    return {
      executeQuery: async (query) => {
        await this.#before(query.sql)
        return connection.executeQuery(query)
      },
      streamQuery: (query, size) => connection.streamQuery(query, size),
    }
  }
}

const STATEMENTS_MAX = 400

/** node:sqlite in the shape that Kysely's dialect expects, with prepared statements kept. */
const adapter = (raw: DatabaseSync) => {
  const kept = new Map<string, Prepared>()
  return {
    close: () => raw.close(),
    prepare: (sql: string): Prepared => {
      if (!raw.isTransaction && UNDOES.test(sql)) return NOTHING
      const known = kept.get(sql)
      if (known !== undefined) return known
      const made = prepared(raw.prepare(sql))
      if (kept.size >= STATEMENTS_MAX) kept.delete(kept.keys().next().value ?? '')
      kept.set(sql, made)
      return made
    },
  }
}

// Of a full or failing disk SQLite has undone the transaction itself: an error that there is none to undo would hide why.
const UNDOES = /^(?:rollback|release savepoint)/

interface Prepared {
  readonly reader: boolean
  all(parameters: readonly unknown[]): Readonly<Record<string, unknown>>[]
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>
  /** Of what is as it is stored; gives the rows, if it is a statement that has any. */
  direct(cells: readonly Cell[]): Readonly<Record<string, unknown>>[]
}

// SQLite has no booleans; the schema uses 0 and 1 on both engines, and this catches a `true` in a query.
const bind = (values: readonly unknown[]) =>
  values.map((value) => (typeof value === 'boolean' ? Number(value) : value)) as Parameters<StatementSync['all']>

const NOTHING: Prepared = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
  direct: () => [],
}

const prepared = (statement: StatementSync, reader = statement.columns().length > 0): Prepared => ({
  reader,
  all: (parameters) => statement.all(...bind(parameters)),
  run: (parameters) => statement.run(...bind(parameters)),
  iterate: (parameters) => statement.iterate(...bind(parameters)) as IterableIterator<unknown>,
  direct: (cells) => {
    if (reader) return statement.all(...cells)
    statement.run(...cells)
    return []
  },
})

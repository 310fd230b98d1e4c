import { rm } from 'node:fs/promises'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Ahead, AnyTx, Database } from '../kit/database.ts'
import { createJournal, ForeignJournal, type Journal, readJournal } from '../kit/journal.ts'
import type { Log } from '../kit/log.ts'
import type { Random } from '../kit/random.ts'
import type { Cell } from '../kit/run-text.ts'
import type { KitTables } from '../kit/schema.ts'
import { isAnySpent, nameOf, type Once, onceCells, storeSpent } from '../kit/spend-once.ts'
import { areTaken, type Entry, entriesIn, insertRowsOf, isWhole, type Rows } from './append.ts'
import type { LedgerTables } from './schema.ts'

/** Records that are durable in a journal before they stand in the tables, where they come before anybody reads or writes. */
export interface RecordsAhead {
  /** Whether records of so many calls may be kept so now; a transaction that waits or runs must not be overtaken. */
  isOpen(calls: number): boolean
  /**
   * Resolves once they are durable, and spent what they use up; undefined when the journal does not take them, or something
   * of it was used before. Only while it is open.
   */
  keep(rows: Rows, uses: readonly Once[]): Promise<void> | undefined
  isEmpty(): boolean
  /**
   * Runs `work` in the one transaction that may number records that are ahead, which then need not wait in a table. It is given the
   * first of them, up to one that is not durable, and says whether it numbered these; all else comes to wait.
   */
  number<T>(work: (tx: AnyTx, durable: Durable) => Promise<Numbering<T>>): Promise<T>
  close(): Promise<void>
}

/** What is ahead and durable: its rows, and what they hold. */
export interface Durable {
  readonly events: Rows['events']
  readonly entries: readonly Entry[]
}

/** What came of a transaction that numbers, and whether what was ahead is numbered. */
export interface Numbering<T> {
  readonly value: T
  readonly isTaken: boolean
}

const JOURNAL_BYTES = 4 * 1024 * 1024
// Where fewer ask at once nobody waits for a commit, and the file is not even made.
const CALLS_MIN = 8
// What is larger would fill the journal by itself.
const FRAME_CHARS_MAX = 512 * 1024

/**
 * Opens the journal of the embedded database, and brings into the tables what a process that was killed left in it. Undefined
 * where others share the database. The file is made when many first ask at once. Throws ForeignJournal.
 */
export const openRecordsAhead = async (
  database: Database,
  path: string,
  given: { readonly random: Random; readonly log: Log },
): Promise<RecordsAhead | undefined> => {
  if (database.goAhead === undefined) return undefined
  const { owner, moved } = await recover(database, path, given.random)
  // All of it is in the tables and on the disk. What is left of it could only be met by an older database put in this one's place.
  await rm(path, { force: true })
  let number = moved
  // Up to where all is in the tables and on the disk.
  let durable = moved
  let waiting: Frame[] = []
  // What those that wait use up.
  const spent = new Set<string>()
  let journal: Journal | undefined
  let making: Promise<void> | undefined
  let isClosed = false

  const make = (): void => {
    if (making !== undefined || isClosed) return
    making = createJournal(path, owner, JOURNAL_BYTES).then(
      (made) => {
        made.release(durable)
        journal = made
      },
      (err: unknown) => given.log.warn({ err }, 'no journal: records go straight into the database'),
    )
  }

  /** Brings all to where records wait, but for the events of the first frames, which are somewhere already. */
  const bring = async (tx: AnyTx, taken = 0): Promise<void> => {
    const last = waiting.at(-1)
    if (last === undefined) return
    await insertRowsOf(tx, { events: eventsOf(waiting.slice(taken)), kept: keptOf(waiting) })
    await storeSpent(
      tx,
      waiting.flatMap(({ once }) => once),
    )
    await storeMoved(tx, last.number)
  }

  const ahead: Ahead = {
    tables: ['"ledger_unnumbered"', '"ledger_waiting"'],
    isEmpty: () => waiting.length === 0,
    bring: (tx) => bring(tx),
    brought: () => {
      const last = waiting.at(-1)?.number ?? 0
      waiting = []
      spent.clear()
      // What was committed is on the disk only after a flush; until then the journal is what holds it.
      database.settled().then(
        () => {
          durable = last
          journal?.release(last)
        },
        () => undefined,
      )
    },
  }
  const { isIdle, look, writeBringing } = database.goAhead(ahead)

  /**
   * Names what nobody used yet; undefined where anything of it was used. INVARIANT: while nobody writes, what was used is in the
   * table or waits here, and from this look until it waits here no turn of the event loop passes: so it is one look and write.
   */
  const unused = (uses: readonly Once[]): ReadonlySet<string> | undefined => {
    const names = new Set(uses.map(nameOf))
    if (names.size < uses.length) return undefined
    const areUsed = [...names].some((name) => spent.has(name)) || isAnySpent(look, uses)
    return areUsed ? undefined : names
  }

  return {
    isOpen: (calls) => {
      if (journal === undefined && calls >= CALLS_MIN) make()
      return journal !== undefined && isIdle()
    },
    keep: (rows, uses) => {
      const names = unused(uses)
      const once = uses.map(onceCells)
      if (names === undefined || !areTaken(rows) || !once.every(isWhole)) return undefined
      const { told: _, ...written } = rows
      const text = JSON.stringify(once.length === 0 ? written : { ...written, once })
      if (text.length > FRAME_CHARS_MAX) return undefined
      const done = journal?.append(number + 1, text)
      if (done === undefined) return undefined
      number += 1
      const frame: Frame = { number, rows, once, isDurable: false }
      waiting.push(frame)
      for (const name of names) spent.add(name)
      return done.then(
        () => {
          frame.isDurable = true
        },
        // What the journal's disk did not take is durable once it is in the tables; nothing is put ahead after it.
        (err: unknown) => {
          given.log.error({ err }, 'the journal took no more: records go straight into the database')
          return database.writeGroup(async () => undefined)
        },
      )
    },
    isEmpty: ahead.isEmpty,
    number: (work) =>
      writeBringing(async (tx) => {
        const durable = waiting.slice(0, durableAmong(waiting))
        const entries = durable.flatMap(({ rows }) => entriesIn(rows))
        const { value, isTaken } = await work(tx, { events: eventsOf(durable), entries })
        await bring(tx, isTaken ? durable.length : 0)
        return value
      }),
    close: async () => {
      isClosed = true
      // Before one that is being made is known, it could not be ended.
      await making
      const ending = journal
      journal = undefined
      await ending?.close(durable < number)
    },
  }
}

type Uses = readonly (readonly Cell[])[]

interface Frame {
  readonly number: number
  readonly rows: Rows
  readonly once: Uses
  isDurable: boolean
}

/** How many of the first are durable: what comes after one that is not would overtake it. */
const durableAmong = (waiting: readonly Frame[]): number => {
  const end = waiting.findIndex(({ isDurable }) => !isDurable)
  return end < 0 ? waiting.length : end
}

const eventsOf = (frames: readonly Frame[]): Rows['events'] => frames.flatMap(({ rows }) => rows.events)

const keptOf = (waiting: readonly Frame[]): Rows['kept'] => {
  const once = new Map(waiting.flatMap(({ rows }) => rows.kept.map((cells) => [cells[0], cells])))
  return [...once.values()]
}

// Two rows of counters: which journal is this database's, and up to where its frames are in the tables.
const OWNER = 'journal-owner'
const MOVED = 'journal-moved'

const recover = (database: Database, path: string, random: Random): Promise<{ owner: number; moved: number }> =>
  database.write(async (tx: Transaction<KitTables & LedgerTables>) => {
    const rows = await tx.selectFrom('kit_counter').selectAll().where('name', 'in', [OWNER, MOVED]).execute()
    const [owner, moved] = [OWNER, MOVED].map((name) => rows.find((row) => row.name === name)?.value)
    if (owner === undefined || moved === undefined) {
      const made = random.bytes(6).readUIntBE(0, 6)
      // None is this database's yet: whatever is there is another's, and was promised.
      await readJournal(path, made)
      await tx
        .insertInto('kit_counter')
        .values([
          { name: OWNER, value: made },
          { name: MOVED, value: 0 },
        ])
        .execute()
      return { owner: made, moved: 0 }
    }
    const found = await readJournal(path, owner)
    // This database has less than it had: between its records and these some are missing.
    if (found.some(({ released }) => released > moved)) throw new ForeignJournal(path)
    const left = found.filter(({ number }) => number > moved)
    for (const { text } of left) {
      const { once = [], ...rows } = Written.parse(JSON.parse(text))
      await insertRowsOf(tx, rows)
      await storeSpent(tx, once)
    }
    const last = left.at(-1)?.number ?? moved
    // Stored even if it is what stood there: then this commit has the disk take what was committed before a kill.
    if (found.length > 0) await storeMoved(tx, last)
    return { owner, moved: last }
  })

const Cells = z.array(z.array(z.union([z.string(), z.number(), z.null()])))
/** What `keep` made of rows, and of what they use up, if anything. */
const Written = z.strictObject({ events: Cells, kept: Cells, once: Cells.optional() })

const storeMoved = async (tx: Transaction<KitTables>, value: number): Promise<void> => {
  await tx.updateTable('kit_counter').set({ value }).where('name', '=', MOVED).execute()
}

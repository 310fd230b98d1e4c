import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { Changes } from '../src/kit/changes.ts'
import type { Cursors } from '../src/kit/cursor.ts'
import { type Database, type Engine, openDatabase } from '../src/kit/database.ts'
import type { Hot } from '../src/kit/hot.ts'
import type { Caller, Operation } from '../src/kit/operation.ts'
import type { Decider, Pipeline } from '../src/kit/pipeline.ts'
import type { Random } from '../src/kit/random.ts'
import type { Sealer } from '../src/kit/seal.ts'
import type { EventDraft } from '../src/ledger/event.ts'
import { type TestClock, testClock } from './clock.ts'
import { type Leased, leaseDatabase } from './leased-postgres.ts'
import { migratedFile } from './migrated-sqlite.ts'
import { adminCaller, allowAll, openPipeline } from './open-pipeline.ts'
import { findPostgres } from './postgres.ts'

export { adminCaller, allowAll } from './open-pipeline.ts'

/** A real database with the schema, the real pipeline, and a clock that the test sets. */
export interface Room {
  readonly engine: Engine
  readonly database: Database
  readonly changes: Changes
  readonly hot: Hot
  readonly pipeline: Pipeline
  readonly clock: TestClock
  readonly random: Random
  readonly sealer: Sealer
  readonly cursors: Cursors
  /** What the pipeline asks; a test may set another answer. */
  decide: Decider['decide']
  /** Calls through the pipeline as this caller (default: an admin). */
  call(operation: Operation, input: unknown, caller?: Caller, idempotencyKey?: string): Promise<unknown>
  /** The events recorded so far, oldest first. */
  events(): Promise<readonly EventDraft[]>
  /** Waits for what is under way, and closes the database. */
  close(): Promise<void>
}

/** Registers the test once on each engine that is here; says so where PostgreSQL is not. */
export const onEveryEngine = (name: string, body: (room: Room, t: TestContext) => Promise<void>): void => {
  for (const engine of ['sqlite', 'postgres'] as const)
    test(`${name} [${engine}]`, async (t) => {
      const place = engine === 'sqlite' ? await sqlitePlace() : await postgresPlace()
      if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
      try {
        const room = await openRoom(place.open(), engine)
        try {
          await body(room, t)
        } finally {
          await room.close()
        }
      } finally {
        await place.remove()
      }
    })
}

/** A database with the schema and nothing in it, and how to remove it. */
export interface TestPlace {
  open(): Database
  remove(): Promise<void>
}

const sqlitePlace = async (): Promise<TestPlace> => {
  const bytes = await migratedFile()
  const folder = mkdtempSync(join(tmpdir(), 'reeve-test-'))
  const sqliteFile = join(folder, 'reeve.db')
  writeFileSync(sqliteFile, bytes)
  return {
    open: () => openDatabase({ sqliteFile }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

let leased: Promise<Leased> | undefined

// At the root of the file, not in the test that happens to come first: it would end with that test.
after(async () => (await leased)?.giveBack())

const postgresPlace = async (): Promise<TestPlace | undefined> => {
  const server = await findPostgres()
  if (server === undefined) return undefined
  leased ??= leaseDatabase(server)
  const { url, reset } = await leased
  await reset()
  return { open: () => openDatabase({ postgresUrl: url, poolSize: 5 }), remove: async () => undefined }
}

/** The room of a database that is open, and migrated. */
export const openRoom = async (database: Database, engine: Engine): Promise<Room> => {
  const clock = testClock()
  const opened = await openPipeline(database, {
    clock,
    decider: { ...allowAll, decide: (asked) => room.decide(asked) },
  })
  const room: Room = {
    engine,
    decide: allowAll.decide,
    database,
    clock,
    ...opened,
    call: (operation, input, caller = adminCaller, key) => opened.pipeline.call(operation, input, caller, key),
    events: async () => {
      const bodiesIn = (table: 'ledger_waiting' | 'ledger_entry') =>
        database.reader.selectFrom(table).select(['id', 'body']).orderBy('position')
      const waiting = await bodiesIn('ledger_waiting').orderBy('place').execute()
      const numbered = await bodiesIn('ledger_entry').execute()
      const bodies = new Map([...numbered, ...waiting].map(({ id, body }) => [id, body]))
      return [...bodies.values()].map((body) => JSON.parse(body))
    },
  }
  return room
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { type Changes, createChanges } from '../src/kit/changes.ts'
import { type Cursors, createCursors } from '../src/kit/cursor.ts'
import { type Database, type Engine, openDatabase } from '../src/kit/database.ts'
import { createHot, type Hot } from '../src/kit/hot.ts'
import { givenKek } from '../src/kit/key-wrapper.ts'
import { createLog } from '../src/kit/log.ts'
import type { Caller, Operation } from '../src/kit/operation.ts'
import { createPipeline, type Decider, type Pipeline } from '../src/kit/pipeline.ts'
import { type Random, systemRandom } from '../src/kit/random.ts'
import { openSealer, type Sealer } from '../src/kit/seal.ts'
import type { EventDraft } from '../src/ledger/event.ts'
import { type TestClock, testClock } from './clock.ts'
import { type Leased, leaseDatabase } from './leased-postgres.ts'
import { migratedFile } from './migrated-sqlite.ts'
import { findPostgres } from './postgres.ts'

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
          await room.hot.drain()
          await room.changes.stop()
          await room.database.close()
        }
      } finally {
        await place.remove()
      }
    })
}

/** An admin of everything, for tests that are not about who may. */
export const adminCaller: Caller = {
  actor: { principalType: 'human', id: 'per_test_admin', name: 'test admin' },
  roles: [{ role: 'admin', team: null }],
  credential: null,
  instance: null,
  token: null,
  workflow: null,
  source: { ip: '127.0.0.1', region: null, userAgent: 'test' },
  requestId: 'req_test',
  traceparent: null,
}

/** A decider that allows everything; tests about deciding use the policy room's own. */
export const allowAll: Decider = {
  sees: () => true,
  part: () => undefined,
  decide: () => ({
    isAllowed: true,
    decision: {
      id: 'dec_test',
      outcome: 'allow',
      enforced: true,
      policies: [],
      revision: 'test',
      missing: [],
      request: null,
    },
    kept: [],
  }),
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
  const random = systemRandom()
  const log = createLog('silent')
  const sealer = await database.write((tx) => openSealer(tx, givenKek(random.bytes(32)), { random, clock }))
  const changes = createChanges(database, clock, log)
  const committed = () => undefined
  const hot = createHot({ database, changes, clock, random, log, committed })
  const pipeline = createPipeline({
    database,
    changes,
    hot,
    decider: { ...allowAll, decide: (asked) => room.decide(asked) },
    sealer,
    clock,
    random,
    log,
    committed,
  })
  const room: Room = {
    engine,
    decide: allowAll.decide,
    database,
    changes,
    hot,
    pipeline,
    clock,
    random,
    sealer,
    cursors: createCursors(sealer.derive('cursor')),
    call: (operation, input, caller = adminCaller, key) => pipeline.call(operation, input, caller, key),
    events: async () => {
      const rows = await database.reader.selectFrom('ledger_entry').select('body').orderBy('position').execute()
      return rows.map((row) => JSON.parse(row.body))
    },
  }
  return room
}

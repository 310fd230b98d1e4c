import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createChanges } from '../../src/kit/changes.ts'
import type { AnyDb, AnyTx } from '../../src/kit/database.ts'
import { Fault } from '../../src/kit/fault.ts'
import { createOutbound } from '../../src/kit/fetch.ts'
import { createHot } from '../../src/kit/hot.ts'
import { createLog } from '../../src/kit/log.ts'
import { openKeeper } from '../../src/ledger/keeper.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
import { plugRooms } from '../../src/rooms.ts'
import { adminCaller, onEveryEngine, type Room } from '../room.ts'
import { identityInput } from '../workload.ts'
import { createInjector, type Injector, type Step } from './failing-database.ts'

/** A call with one effect, and how often that effect is there. */
interface Effect {
  readonly operation: string
  input(subject: string, made: string): unknown
  /** Makes what the call is about, before anything fails; its id. */
  make?(call: (name: string, input: unknown) => Promise<unknown>, subject: string): Promise<string>
  /** The steps of the call that are made to fail, each in two ways. */
  readonly steps: readonly Step[]
  /** Rows that the effect leaves, by table: one each. */
  readonly rows: Readonly<Record<string, (db: AnyDb, subject: string) => Promise<number>>>
}

const count =
  (table: string, column: string) =>
  async (db: AnyDb, value: string): Promise<number> =>
    (await db.selectFrom(table).select(column).where(column, '=', value).execute()).length

const EFFECTS: readonly Effect[] = [
  {
    operation: 'inventory.identity.create',
    input: (name) => identityInput(`${name}-new`, 'the-team'),
    steps: [
      'insert kit_idempotency',
      'insert inventory_identity',
      'insert ledger_kept',
      'insert ledger_unnumbered',
      'seal',
      'update kit_idempotency',
      'update kit_counter',
      'insert kit_change',
      'notify',
      'commit',
      'select kit_change',
      'select kit_idempotency',
    ],
    rows: { inventory_identity: (db, name) => count('inventory_identity', 'name')(db, `${name}-new`) },
  },
  {
    operation: 'inventory.identity.quarantine',
    input: (name) => ({ identity: name, reason: 'a test' }),
    steps: [
      'insert broker_stop',
      'insert broker_revocation',
      'update broker_counter',
      'update inventory_identity',
      'commit',
    ],
    rows: { broker_stop: async (db, name) => count('broker_stop', 'subject')(db, await idOf(db, name)) },
  },
  {
    operation: 'broker.credential.add',
    input: (name) => ({ identity: name, kind: 'client-secret' }),
    steps: ['insert broker_credential', 'insert observe_finding', 'commit'],
    rows: { broker_credential: async (db, name) => count('broker_credential', 'identity')(db, await idOf(db, name)) },
  },
  {
    operation: 'broker.credential.rotate',
    make: async (call, name) => {
      const made = await call('broker.credential.add', { identity: name, kind: 'client-secret' })
      return z.object({ credential: z.object({ id: z.string() }) }).parse(made).credential.id
    },
    input: (_name, credential) => ({ credential }),
    steps: ['insert broker_credential', 'insert broker_rotation', 'insert observe_finding', 'commit'],
    rows: { broker_rotation: async (db, name) => count('broker_rotation', 'identity')(db, await idOf(db, name)) },
  },
]

const idOf = async (db: AnyDb, name: string): Promise<string> =>
  (await db.selectFrom('inventory_identity').select('id').where('name', '=', name).executeTakeFirstOrThrow()).id

onEveryEngine(
  'D5: whichever step of a write fails, before or after it took effect, a repeat with the same key leaves exactly one effect',
  async (room, t) => {
    const injector = createInjector()
    const server = await openServer(room, injector)
    try {
      await server.call('inventory.team.create', {
        name: 'the-team',
        technicalContact: 'a@example.com',
        businessContact: 'a@example.com',
        businessUnit: 'tests',
      })
      let cases = 0
      for (const effect of EFFECTS)
        for (const step of effect.steps)
          for (const way of ['fail', 'fail-persisted'] as const) {
            const subject = `subject-${++cases}`
            const what = `${effect.operation}, ${step}, ${way}`
            await server.call('inventory.identity.create', identityInput(subject, 'the-team'))
            const made = (await effect.make?.(server.call, subject)) ?? ''
            const ask = () => server.call(effect.operation, effect.input(subject, made), `key-${subject}`)
            injector.arm(step, way)
            const first = await ask().catch((error: unknown) => error)
            // After the commit the other one who reads the feed may have met the failure instead of the caller.
            if (step !== 'select kit_change' || first instanceof Error)
              assert.ok(first instanceof Fault && first.kind === 'internal', `${what}: ${first}`)
            assert.ok(injector.hasFired(), `${what} did not happen`)
            const answer = await ask()
            assert.deepEqual(await ask(), answer, `${what}: every repeat gets the same answer`)
            const events = await eventsOf(room, effect.operation, answer)
            assert.equal(events.length, 1, `${what}: one event`)
            for (const [table, rows] of Object.entries(effect.rows))
              assert.equal(await rows(room.database.reader, subject), 1, `${what}: one row in ${table}`)
          }
      assert.ok(cases >= 24)
      t.diagnostic(`${cases} of ${cases} failed steps: one effect, one event, the same answer to every repeat`)
    } finally {
      await server.close()
    }
  },
)

/** The events of the effect itself: a repeat is recorded too, as one. */
const eventsOf = async (room: Room, operation: string, answer: unknown) => {
  const text = JSON.stringify(answer)
  const events = await room.events()
  return events.filter(
    ({ kind, outcome, evidence, on }) =>
      kind === operation && outcome === 'done' && evidence.replay !== true && text.includes(on?.id ?? 'nothing'),
  )
}

/** All rooms on the room's database, with the injector between. */
const openServer = async (room: Room, injector: Injector) => {
  const { clock, random } = room
  const log = createLog('silent')
  const folder = mkdtempSync(join(tmpdir(), 'reeve-failing-'))
  const database = injector.database(room.database)
  const sealer = injector.sealer(room.sealer)
  const keeper = await room.database.write((tx: AnyTx) =>
    openKeeper({ db: tx, sealer, random, checkpointFile: join(folder, 'checkpoint'), now: clock.now() }),
  )
  const sequencer = createSequencer({ database: room.database, clock, log, keeper })
  const changes = createChanges(database, clock, log)
  const committed = () => undefined
  const hot = createHot({ database, changes, clock, random, log, committed })
  const rooms = plugRooms(
    { database, sealer, cursors: room.cursors, changes, hot, keeper, sequencer, replica: random.id('srv'), committed },
    {
      ...{ clock, random, log, issuer: () => 'https://reeve.example.com' },
      outbound: createOutbound({ privateNetworks: [] }),
      deciding: { evaluator: 'compiled', shadowEvery: 0, knowsRegions: true },
    },
  )
  await rooms.start()
  await changes.start()
  return {
    call: (name: string, input: unknown, key?: string): Promise<unknown> => {
      const operation = rooms.operations.find((known) => known.name === name)
      if (operation === undefined) throw new Error(`no operation ${name}`)
      return rooms.pipeline.call(operation, input, adminCaller, key)
    },
    close: async () => {
      await hot.drain()
      await changes.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

import assert from 'node:assert/strict'
import { createLog } from '../../src/kit/log.ts'
import { latestCheckpoint } from '../../src/ledger/checkpoints.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
import { onEveryEngine, type Room } from '../room.ts'
import { openLog, someEvent } from './log.ts'

const seqs = async (room: Room): Promise<readonly (number | null)[]> => {
  const rows = await room.database.reader.selectFrom('ledger_entry').select('seq').orderBy('seq').execute()
  return rows.map(({ seq }) => seq)
}

const waiting = async (room: Room): Promise<number> =>
  (await room.database.reader.selectFrom('ledger_waiting').select('id').execute()).length

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at)

onEveryEngine('numbers are gapless under concurrent writers and sequencers', async (room) => {
  const log = await openLog(room)
  const { database, clock } = room
  const other = createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper })
  const writer = async (name: number) => {
    for (let turn = 0; turn < 20; turn++) {
      await log.append([someEvent(`per_${name}`), someEvent(`per_${name}`)])
      ;(turn % 2 === 0 ? log.sequencer : other).poke()
    }
  }
  await Promise.all(upTo(6).map(writer))
  assert.equal(await log.sequencer.flush(), 240)
  assert.equal(await other.flush(), 240)
  assert.deepEqual(await seqs(room), upTo(240))
  assert.deepEqual(await log.verify().then(({ ok, entries, size }) => ({ ok, entries, size })), {
    ok: true,
    entries: 240,
    size: 240,
  })
  await other.stop()
  await log.close()
})

onEveryEngine('what was committed before a crash and not yet numbered is numbered at the next start', async (room) => {
  const log = await openLog(room)
  await log.append(upTo(3).map((at) => someEvent(`per_${at}`)))
  await log.sequencer.flush()
  // The process dies here: these are committed, and nobody was told.
  await log.append(upTo(1500).map((at) => someEvent(`per_${at}`)))
  const { database, clock } = room
  const next = createSequencer({ database, clock, log: createLog('silent'), keeper: await log.reopen() })
  const sizes: number[] = []
  next.onAdvance((size) => sizes.push(size))
  await next.start()
  assert.deepEqual(await seqs(room), upTo(1503))
  assert.equal(sizes.at(-1), 1503)
  assert.equal((await log.verify()).ok, true)
  await next.stop()
  await log.close()
})

onEveryEngine('a transaction that is rolled back leaves no gap', async (room) => {
  const log = await openLog(room)
  const failing = room.database.write(async (tx) => {
    await tx.insertInto('ledger_unnumbered').values(row('evt_lost')).execute()
    throw new Error('rolled back on purpose')
  })
  await assert.rejects(failing)
  await log.append([someEvent('per_1')])
  await log.sequencer.flush()
  assert.deepEqual(await seqs(room), [0])
  await log.close()
})

onEveryEngine(
  'a flush is signed over everything that was committed before it, whoever else is numbering',
  async (room) => {
    const log = await openLog(room)
    for (let turn = 0; turn < 10; turn++) {
      await log.append([someEvent('per_1')])
      log.sequencer.poke()
      const [size] = await Promise.all([log.sequencer.flush(), log.sequencer.flush()])
      assert.equal(size, turn + 1)
      assert.equal((await latestCheckpoint(room.database.reader))?.size, turn + 1)
    }
    await log.close()
  },
)

onEveryEngine('a failure of the database is tried again without anybody committing anything', async (room) => {
  const log = await openLog(room)
  let isBroken = true
  const { database, clock } = room
  const flaky = {
    ...database,
    writeGroup: (work: Parameters<typeof database.writeGroup>[0]) =>
      isBroken ? Promise.reject(new Error('ECONNRESET')) : database.writeGroup(work),
  }
  // biome-ignore lint/suspicious/noExplicitAny: the generic of `writeGroup` cannot be said of a fake
  const sequencer = createSequencer({ database: flaky as any, clock, log: createLog('silent'), keeper: log.keeper })
  await log.append([someEvent('per_1')])
  const { promise, resolve } = Promise.withResolvers<number>()
  sequencer.onAdvance(resolve)
  await assert.rejects(sequencer.flush())
  sequencer.poke()
  await new Promise((done) => setImmediate(done))
  isBroken = false
  assert.equal(await promise, 1)
  await sequencer.stop()
  await log.close()
})

onEveryEngine(
  'what is committed and may not be on the disk yet gets no number, so that nobody sees it',
  async (room) => {
    const log = await openLog(room)
    const { database, clock } = room
    let late: (() => Promise<unknown>) | undefined = () => log.append([someEvent('per_2')])
    const slow = {
      ...database,
      settled: async () => {
        await database.settled()
        await late?.()
        late = undefined
      },
    }
    const sequencer = createSequencer({ database: slow, clock, log: createLog('silent'), keeper: log.keeper })
    await log.append([someEvent('per_1')])
    await sequencer.flush()
    // PostgreSQL lets nobody see what is not durable: there all that is seen is numbered.
    const isEmbedded = database.engine === 'sqlite'
    assert.deepEqual([(await seqs(room)).length, await waiting(room)], isEmbedded ? [1, 1] : [2, 0])
    assert.equal(await sequencer.flush(), 2)
    await sequencer.stop()
    await log.close()
  },
)

onEveryEngine('nothing is numbered after the end, and a late wake-up does no harm', async (room) => {
  const log = await openLog(room)
  await log.append([someEvent('per_1')])
  log.sequencer.poke()
  await log.sequencer.stop()
  assert.deepEqual(await seqs(room), [0])
  await log.append([someEvent('per_2')])
  log.sequencer.poke()
  await new Promise((done) => setImmediate(done))
  assert.deepEqual(await seqs(room), [0])
  assert.equal(await waiting(room), 1)
  await log.close()
})

onEveryEngine('what an older release left in the log without a number gets one, in the order of then', async (room) => {
  const log = await openLog(room)
  await log.append([someEvent('per_1')])
  await log.sequencer.flush()
  const older = upTo(3).map((at) => row(`evt_older_${at}`))
  await room.database.write((tx) =>
    tx
      .insertInto('ledger_entry')
      .values(older.map((one) => ({ ...one, seq: null })))
      .execute(),
  )
  await log.append([someEvent('per_2')])
  await log.reopen()
  const { database, clock } = room
  const next = createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper })
  await next.start()
  const numbered = await database.reader.selectFrom('ledger_entry').select(['seq', 'id']).orderBy('seq').execute()
  assert.deepEqual(
    numbered.map(({ seq }) => seq),
    upTo(5),
  )
  const ids = numbered.map(({ id }) => id).filter((id) => id.startsWith('evt_older'))
  assert.deepEqual(
    ids,
    older.map(({ id }) => id),
  )
  assert.equal(await waiting(room), 0)
  await next.stop()
  await log.close()
})

const row = (id: string) => ({
  id,
  at: 0,
  kind: 'x',
  outcome: 'done',
  actor_id: null,
  on_id: null,
  decision_id: null,
  request_id: 'req',
  body: '{}',
})

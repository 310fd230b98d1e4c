import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { createLog } from '../../src/kit/log.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { recordAtOnce } from '../../src/kit/record-at-once.ts'
import { type Entry, EVENT_COLUMNS, entriesIn, rowsOf } from '../../src/ledger/append.ts'
import { type Blocks, createBlocks } from '../../src/ledger/blocks.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
import { testClock } from '../clock.ts'
import { onEveryEngine, type Room } from '../room.ts'
import { openLog, someEvent, type TestLog } from './log.ts'

const onPostgres = (name: string, body: (room: Room, log: TestLog) => Promise<void>): void =>
  onEveryEngine(name, async (room, t) => {
    if (room.engine === 'sqlite') return t.skip('the embedded database has a journal in place of blocks')
    const log = await openLog(room)
    await body(room, log)
    await log.close()
  })

/** Commits these as one block; whoever is told of it need not read it back. */
const commitBlock = async (room: Room, actors: readonly string[], blocks?: Blocks): Promise<void> => {
  const { database, random, clock } = room
  const drafts = actors.map((actor) => someEvent(actor, 'é €𝄞 "quoted" \\ \u2028'))
  const rows = rowsOf(drafts, [], { random, now: clock.now() })
  assert.ok(await recordAtOnce(database, { head: 0, uses: [], rows }))
  blocks?.wrote(entriesIn(rows))
}

const actorsOf = async (room: Room): Promise<readonly unknown[]> => {
  const query = room.database.reader.selectFrom('ledger_entry').select(['seq', 'actor_id']).orderBy('seq')
  const rows = await query.execute()
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    rows.map((_, at) => at),
  )
  return rows.map(({ actor_id }) => actor_id)
}

const many = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}_${at}`)

onPostgres('what was committed in rows and in blocks is numbered in the order of the commits', async (room, log) => {
  const blocks = createBlocks()
  const { database, clock } = room
  const sequencer = createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper, blocks })
  const expected: string[] = []
  for (let turn = 0; turn < 6; turn++) {
    const [row, own, other] = [[`row_${turn}`], many(`own_${turn}`, 3), many(`other_${turn}`, 2)]
    await log.append(row.map((actor) => someEvent(actor)))
    await commitBlock(room, own, blocks)
    // Of another replica, which told nobody here.
    await commitBlock(room, other)
    expected.push(...row, ...own, ...other)
    if (turn === 3) await sequencer.flush()
  }
  assert.equal(await sequencer.flush(), expected.length)
  assert.deepEqual(await actorsOf(room), expected)
  assert.deepEqual(await database.reader.selectFrom('ledger_waiting').selectAll().execute(), [])
  const { ok, entries } = await log.verify()
  assert.deepEqual([ok, entries], [true, expected.length])
  await sequencer.stop()
})

onPostgres('many blocks are numbered by one flush, however many they hold', async (room, log) => {
  const expected: string[] = []
  for (let block = 0; block < 9; block++) {
    const actors = many(`actor_${block}`, 250)
    await commitBlock(room, actors)
    expected.push(...actors)
  }
  await log.append([someEvent('last')])
  assert.equal(await log.sequencer.flush(), expected.length + 1)
  assert.deepEqual(await actorsOf(room), [...expected, 'last'])
  assert.equal((await log.verify()).ok, true)
})

onPostgres(
  'of more than get their numbers at once the oldest come first, wherever the database keeps them',
  async (room, log) => {
    const count = 1_001
    /** Writes so many, each of them after all that were committed later. */
    const write = (table: string, first: number, cell: (value: string) => string) => {
      const texts = ["'evt_' || n", '0', "'x'", "'done'", "'actor_' || n", 'null', 'null', 'null', "'req'", "'{}'"]
      return sql
        .raw(
          `insert into ${table} (position, ${EVENT_COLUMNS}) overriding system value
          select n, ${texts.map(cell)} from generate_series(${first + count - 1}, ${first}, -1) n`,
        )
        .execute(room.database.writer)
    }
    await write('ledger_unnumbered', 0, (value) => value)
    await write('ledger_block', count, (value) => `array[${value}]`)
    assert.equal(await log.sequencer.flush(), 2 * count)
    assert.deepEqual(await actorsOf(room), many('actor', 2 * count))
  },
)

/** A sequencer that knows of blocks what these say. */
const sequencerWith = (room: Room, log: TestLog, blocks: Blocks) => {
  const { database, clock } = room
  return createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper, blocks })
}

onPostgres('a block that is remembered is not read back', async (room, log) => {
  const told = createBlocks()
  const [one, ...others] = ['one', 'two', 'three']
  await commitBlock(room, [one, ...others], {
    ...told,
    wrote: ([first = assert.fail(), ...rest]) => told.wrote([first, ...rest.toReversed()]),
  })
  const sequencer = sequencerWith(room, log, told)
  await sequencer.flush()
  // What was remembered was in another order than the block.
  assert.equal((await log.verify()).ok, false)
  await sequencer.stop()
})

onPostgres(
  'what is forgotten while other blocks are read is read as well, and what does not fit gets no number',
  async (room, log) => {
    const told = createBlocks()
    await commitBlock(room, ['one', 'two'], told)
    await commitBlock(room, ['three'])
    const short: Blocks = { ...told, entriesOf: (id) => told.entriesOf(id)?.slice(1) }
    await assert.rejects(sequencerWith(room, log, short).flush(), /numbered/)
    assert.deepEqual(await actorsOf(room), [])
    // Asked once it is there; whoever asks again finds it gone.
    const gone = new Set<string>()
    const forgetful: Blocks = {
      ...told,
      entriesOf: (id) => (gone.has(id) ? undefined : told.entriesOf(gone.add(id) && id)),
    }
    const sequencer = sequencerWith(room, log, forgetful)
    assert.equal(await sequencer.flush(), 3)
    assert.deepEqual(await actorsOf(room), ['one', 'two', 'three'])
    assert.equal((await log.verify()).ok, true)
    await sequencer.stop()
  },
)

for (const others of [['x', 'y'], ['x']])
  onPostgres(
    `a position that a database gives again after it lost a block is not taken for that block: ${others.length} in place of 2`,
    async (room, log) => {
      const told = createBlocks()
      const sequencer = sequencerWith(room, log, told)
      await commitBlock(room, ['one', 'two'], told)
      // As after a failover to a standby that was not told of the newest.
      await room.database.write(async (tx) => {
        const { rows } = await sql<{ position: number }>`delete from ledger_block returning position`.execute(tx)
        const lost = rows[0]?.position ?? assert.fail()
        await sql`select setval(pg_get_serial_sequence('ledger_unnumbered', 'position'), ${lost}, false)`.execute(tx)
      })
      await commitBlock(room, others)
      assert.equal(await sequencer.flush(), others.length)
      assert.deepEqual(await actorsOf(room), others)
      assert.equal((await log.verify()).ok, true)
      await sequencer.stop()
    },
  )

onPostgres(
  'what the log would refuse does not wait in a block, where it would be in the way of all behind it',
  async (room, log) => {
    const { database, random, clock } = room
    const { events, ...rows } = rowsOf([someEvent('one')], [], { random, now: clock.now() })
    const whole = events[0] ?? assert.fail()
    for (const at of [0, 1, 2, 3, 8, 9])
      assert.equal(
        await recordAtOnce(database, { head: 0, uses: [], rows: { ...rows, events: [whole.with(at, null)] } }),
        false,
      )
    assert.deepEqual(await database.reader.selectFrom('ledger_waiting').selectAll().execute(), [])
    assert.ok(await recordAtOnce(database, { head: 0, uses: [], rows: { ...rows, events } }))
    assert.equal(await log.sequencer.flush(), 1)
  },
)

test('of blocks no more is remembered than some thousand entries and some megabytes, the newest', () => {
  const { random, clock } = { random: systemRandom(), clock: testClock() }
  const blockOf = (count: number, text = '') =>
    entriesIn(
      rowsOf(
        many('actor', count).map((actor) => someEvent(actor, text)),
        [],
        { random, now: clock.now() },
      ),
    )
  const knownOf = (blocks: ReturnType<typeof createBlocks>, written: readonly (readonly Entry[])[]) =>
    written.map(([first]) => first?.event?.id ?? '').filter((id) => blocks.entriesOf(id) !== undefined)
  const idsOf = (written: readonly (readonly Entry[])[]) => written.map(([first]) => first?.event?.id ?? '')
  for (const [count, text] of [
    [100, ''],
    [2, 'x'.repeat(20_000)],
  ] as const) {
    const blocks = createBlocks()
    const written = Array.from({ length: 100 }, () => blockOf(count, text))
    for (const one of written) blocks.wrote(one)
    const known = knownOf(blocks, written)
    assert.ok(known.length > 20 && known.length < 90, `${known.length}`)
    assert.deepEqual(known, idsOf(written.slice(-known.length)))
    blocks.forget(known)
    assert.deepEqual(knownOf(blocks, written), [])
    const few = written.slice(0, 20)
    for (const one of few) blocks.wrote(one)
    assert.equal(knownOf(blocks, few).length, few.length, 'what was forgotten counts no more')
  }
})

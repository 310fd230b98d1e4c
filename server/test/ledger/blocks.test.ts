import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/kit/log.ts'
import { recordAtOnce } from '../../src/kit/record-at-once.ts'
import { entriesIn, rowsOf } from '../../src/ledger/append.ts'
import { type Blocks, createBlocks } from '../../src/ledger/blocks.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
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
  const position = await recordAtOnce(database, { head: 0, uses: [], rows })
  assert.ok(position !== undefined)
  blocks?.wrote(position, entriesIn(rows))
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

onPostgres('a block that is remembered is not read back', async (room, log) => {
  const told = createBlocks()
  const { database, clock } = room
  await commitBlock(room, ['one', 'two'], { ...told, wrote: (at, entries) => told.wrote(at, entries.toReversed()) })
  const sequencer = createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper, blocks: told })
  await sequencer.flush()
  // What was remembered was in another order than the block.
  assert.equal((await log.verify()).ok, false)
  await sequencer.stop()
})

onPostgres(
  'what is forgotten while other blocks are read is read as well, and what does not fit gets no number',
  async (room, log) => {
    const told = createBlocks()
    const { database, clock } = room
    await commitBlock(room, ['one', 'two'], told)
    await commitBlock(room, ['three'])
    // Asked once it is there; whoever asks again finds it gone.
    const gone = new Set<number>()
    const forgetful: Blocks = {
      ...told,
      entriesOf: (position) => (gone.has(position) ? undefined : told.entriesOf(gone.add(position) && position)),
    }
    const withBlocks = (blocks: Blocks) =>
      createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper, blocks })
    const short: Blocks = { ...told, entriesOf: (position) => told.entriesOf(position)?.slice(1) }
    await assert.rejects(withBlocks(short).flush(), /numbered/)
    assert.deepEqual(await actorsOf(room), [])
    const sequencer = withBlocks(forgetful)
    assert.equal(await sequencer.flush(), 3)
    assert.deepEqual(await actorsOf(room), ['one', 'two', 'three'])
    assert.equal((await log.verify()).ok, true)
    await sequencer.stop()
  },
)

test('of blocks no more is remembered than some thousand entries, the newest', () => {
  const blocks = createBlocks()
  const positions = Array.from({ length: 500 }, (_, at) => at)
  for (const at of positions)
    blocks.wrote(
      at,
      many('actor', 100).map((body) => ({ body })),
    )
  const known = positions.filter((at) => blocks.entriesOf(at) !== undefined)
  assert.ok(known.length > 20 && known.length < 100)
  assert.deepEqual(known, positions.slice(-known.length))
  blocks.forget(known)
  assert.ok(known.every((at) => blocks.entriesOf(at) === undefined))
  for (const at of positions) blocks.wrote(at, [{ body: 'one' }])
  assert.ok(
    positions.every((at) => blocks.entriesOf(at) !== undefined),
    'what was forgotten counts no more',
  )
})

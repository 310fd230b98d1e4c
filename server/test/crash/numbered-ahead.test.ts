import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendLeaf, emptyRange, leafHash, rootOf } from '@reeve/sdk/ledger'
import type { Database } from '../../src/kit/database.ts'
import { insertRowsOf, rowsOf } from '../../src/ledger/append.ts'
import { followedUntil, followLedger } from '../../src/ledger/follow.ts'
import { createSequencer, leafText } from '../../src/ledger/sequencer.ts'
import { testClock } from '../clock.ts'
import { draftOf, killedCopy, log, newFolder, type Opened, open, random, warm } from './ahead.ts'

const now = new Date(0)

const sequencerOf = ({ database, ahead }: Opened, seen: Database = database) =>
  createSequencer({
    ...{ database: seen, clock: testClock(), log, ahead },
    keeper: { sign: () => 'note', keep: async () => undefined },
  })

/** What has a number, in order; the tree is over these. */
const numbersOf = async ({ database: { reader } }: Opened) => {
  const rows = await reader.selectFrom('ledger_entry').select(['seq', 'id', 'kind', 'body']).orderBy('seq').execute()
  let range = emptyRange
  for (const { seq, body } of rows) range = appendLeaf(range, leafHash(Buffer.from(leafText(body, seq)))).range
  const { root } = await reader.selectFrom('ledger_state').select('root').executeTakeFirstOrThrow()
  assert.equal(Buffer.from(rootOf(range)).toString('base64'), root, 'the tree is over the log')
  return rows.map(({ seq, id, kind }) => ({ seq, id, kind }))
}

test('what is ahead gets its numbers behind what waits and before what is written later, and a kill changes none of them', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  // It closes the journal, and waits for its number in the table.
  await opened.database.writeGroup((tx) => insertRowsOf(tx, rowsOf([draftOf('act.waits')], [], { random, now })))
  for (let at = 0; at < 3; at++) await opened.record(`act.${at}`)
  assert.equal(opened.ahead.isEmpty(), false)
  const before = killedCopy(opened, 'before')
  const sequencer = sequencerOf(opened)
  await sequencer.flush()
  assert.equal(opened.ahead.isEmpty(), true)
  await opened.database.writeGroup((tx) => insertRowsOf(tx, rowsOf([draftOf('act.late')], [], { random, now })))
  const after = killedCopy(opened, 'after')
  await sequencer.flush()
  const numbered = await numbersOf(opened)
  assert.deepEqual(
    numbered.map(({ kind }) => kind).filter((kind) => kind !== 'warm'),
    ['act.waits', 'act.0', 'act.1', 'act.2', 'act.late'],
  )
  await opened.close()
  for (const copy of [before, after]) {
    const again = await open(copy)
    await sequencerOf(again).flush()
    assert.deepEqual(await numbersOf(again), copy === before ? numbered.slice(0, -1) : numbered)
    await again.close()
  }
})

test('however many wait in the table, all of them are numbered before what is ahead', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  // More than get their numbers in one transaction.
  const many = Array.from({ length: 1_001 }, () => draftOf('act.waits'))
  await opened.database.writeGroup((tx) => insertRowsOf(tx, rowsOf(many, [], { random, now })))
  await opened.record('act.ahead')
  assert.equal(opened.ahead.isEmpty(), false)
  await sequencerOf(opened).flush()
  const kinds = (await numbersOf(opened)).map(({ kind }) => kind)
  assert.equal(kinds.indexOf('act.ahead'), kinds.length - 1)
  await opened.close()
})

test('what the journal has not on the disk yet gets no number, nor does what came after it', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await sequencerOf(opened).flush()
  const sequencer = sequencerOf(opened, { ...opened.database, settled: async () => undefined })
  await opened.record('act.durable')
  // In one turn of the event loop: what is asked of the disk in it has not come to anything.
  const unwritten = opened.ahead.keep(rowsOf([draftOf('act.unwritten')], [], { random, now }), [])
  await sequencer.flush()
  assert.deepEqual(
    (await numbersOf(opened)).map(({ kind }) => kind).filter((kind) => kind !== 'warm'),
    ['act.durable'],
  )
  assert.deepEqual(await opened.names(), ['act.unwritten'])
  await unwritten
  await opened.close()
})

test('a flush numbers what was ahead when it began in the order of then, also where others write meanwhile', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  let isFirst = true
  const settled = async (): Promise<void> => {
    if (!isFirst) return opened.database.settled()
    isFirst = false
    await opened.database.writeGroup((tx) => insertRowsOf(tx, rowsOf([draftOf('act.other')], [], { random, now })))
    await opened.record('act.behind')
    assert.equal(opened.ahead.isEmpty(), false)
  }
  await opened.record('act.now')
  await sequencerOf(opened, { ...opened.database, settled }).flush()
  assert.deepEqual(
    (await numbersOf(opened)).slice(-3).map(({ kind }) => kind),
    ['act.now', 'act.other', 'act.behind'],
  )
  await opened.close()
})

test('a log is read up to the moment of what is ahead, though that is in no table', async (t) => {
  const opened = await open(await newFolder(t))
  const { database, ahead } = opened
  const clock = testClock()
  await warm(opened)
  await sequencerOf(opened).flush()
  await followLedger(database, clock, { name: 'follower', take: async () => undefined })
  const recordedAt = clock.now()
  clock.advance(1_000)
  assert.deepEqual(await followedUntil(database.reader, 'follower', clock.now()), clock.now())
  await opened.record('act.ahead')
  assert.equal(ahead.isEmpty(), false)
  assert.deepEqual(await followedUntil(database.reader, 'follower', clock.now()), recordedAt)
  await opened.close()
})

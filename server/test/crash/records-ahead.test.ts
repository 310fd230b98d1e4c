import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../src/kit/database.ts'
import { Fault } from '../../src/kit/fault.ts'
import { createHot } from '../../src/kit/hot.ts'
import { ForeignJournal, readJournal } from '../../src/kit/journal.ts'
import { openRecordsAhead, type RecordsAhead } from '../../src/ledger/ahead.ts'
import { type Rows, rowsOf } from '../../src/ledger/append.ts'
import { ownAct } from '../../src/ledger/own-act.ts'
import { testClock } from '../clock.ts'
import { draftOf, killedCopy, log, newFolder, open, random, warm, without } from './ahead.ts'

/** Whether there is a journal in the folder. */
const hasJournal = (folder: string): boolean => readdirSync(folder).includes('journal')

test('whenever the process is killed, what was acknowledged ahead of the tables is in them at the next start, once and in order', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  const done: string[] = []
  const checks: (readonly [string, readonly string[]])[] = []
  for (let at = 0; at < 40; at++) {
    await Promise.all(Array.from({ length: 3 }, (_, part) => opened.record(`act.${at}.${part}`)))
    done.push(...Array.from({ length: 3 }, (_, part) => `act.${at}.${part}`))
    // Somebody else writes now and then: what was ahead is in the tables, and the journal still holds it.
    if (at % 7 === 3) await opened.database.writeGroup(async () => undefined)
    if (at % 5 === 0) checks.push([killedCopy(opened, `killed-${at}`), [...done]])
  }
  await opened.close()
  for (const [copy, expected] of checks) {
    const again = await open(copy)
    assert.deepEqual(without(await again.names(), 'warm'), expected)
    await again.close()
    const twice = await open(copy)
    assert.deepEqual(without(await twice.names(), 'warm'), expected, 'a second start brings nothing again')
    await twice.close()
  }
})

test('whoever reads where records wait finds what was acknowledged a moment ago, and an end leaves no journal', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  for (const table of ['ledger_unnumbered', 'ledger_waiting']) {
    await opened.record(`act.${table}`)
    assert.equal(opened.ahead.isEmpty(), false)
    const query = opened.database.reader.selectFrom(table).select('kind').orderBy('position', 'desc')
    assert.equal((await query.executeTakeFirst())?.kind, `act.${table}`)
  }
  await opened.record('act.last')
  await opened.close()
  assert.equal(hasJournal(opened.folder), false)
  const again = await open(opened.folder)
  assert.equal((await again.names()).at(-1), 'act.last')
  await again.close()
})

test('while a transaction waits or runs nothing is put ahead, and what was before it comes into the tables before it', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await opened.record('act.before')
  const entered = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const seen: string[] = []
  const writing = opened.database.write(async (tx) => {
    const rows = await tx.selectFrom('ledger_unnumbered').select('kind').orderBy('position').execute()
    seen.push(...rows.map(({ kind }) => String(kind)))
    entered.resolve()
    await left.promise
  })
  assert.equal(opened.ahead.isOpen(1), false, 'closed for one that waits')
  await entered.promise
  assert.equal(seen.at(-1), 'act.before')
  assert.equal(opened.ahead.isOpen(1), false)
  const after = opened.record('act.after')
  left.resolve()
  await writing
  await after
  assert.deepEqual((await opened.names()).slice(-2), ['act.before', 'act.after'])
  await opened.close()
})

test('what was signalled and is not applied yet is judged first, though nobody else writes: no old memory is answered from', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  let stopped = false
  const read = () => opened.database.reader.selectFrom('kit_change').select('seq').execute()
  opened.changes.follow('stop', {
    changed: async () => {
      stopped = (await read()).length > 0
    },
    reset: () => undefined,
  })
  const ask = () => opened.hot.run({ judge: () => ({ drafts: [draftOf(`act.${stopped}`)], value: stopped }) })
  assert.equal(await ask(), false)
  // As a job does it, after which nobody applies it: memory becomes true with the next commit of records.
  await opened.database.write((tx) => opened.changes.signal(tx, [{ topic: 'stop', key: 'all' }]))
  assert.equal(await ask(), true)
  assert.equal(opened.ahead.isOpen(1) && opened.changes.isTrue(), true, 'and then records go ahead again')
  // What is signalled in a transaction that comes to nothing closes it for one commit only.
  const undone = opened.database.write(async (tx) => {
    await opened.changes.signal(tx, [{ topic: 'stop', key: 'all' }])
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  assert.equal(await ask(), true)
  assert.equal(opened.changes.isTrue(), true)
  await opened.close()
})

test('whoever reads where records wait holds up no transaction that reads as well', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await opened.record('act.before')
  const writing = opened.database.write(() => opened.database.reader.selectFrom('kit_counter').selectAll().execute())
  const names = opened.names()
  assert.ok((await writing).length > 0)
  assert.equal((await names).at(-1), 'act.before')
  await opened.close()
})

test('a record that the tables would refuse is not put ahead of them, where it would be in the way of every transaction', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  const { events } = rowsOf([draftOf('act.odd')], [], { random, now: new Date(0) })
  const whole = events[0] ?? []
  for (const at of [0, 1, 2, 3, 8, 9])
    assert.equal(opened.ahead.keep({ events: [whole.with(at, null)], kept: [] }, []), undefined)
  assert.equal(opened.ahead.keep({ events: [whole.with(1, Number.NaN)], kept: [] }, []), undefined)
  assert.equal(opened.ahead.keep({ events: [], kept: [['digest', null, 0]] }, []), undefined)
  await opened.ahead.keep({ events, kept: [['digest', 'text', 0]] }, [])
  assert.equal((await opened.names()).at(-1), 'act.odd')
  await opened.close()
})

test('what neither the journal nor the tables took is answered as failed, and is not written twice once they take it', async (t) => {
  const opened = await open(await newFolder(t))
  const { database, changes } = opened
  let isFull = true
  const kept: Rows[] = []
  const ahead: RecordsAhead = {
    isOpen: () => isFull,
    keep: (rows) => {
      kept.push(rows)
      return Promise.reject(new Error('neither took it'))
    },
    isEmpty: () => true,
    number: () => assert.fail('nobody numbers here'),
    close: async () => undefined,
  }
  const hot = createHot({ database, changes, clock: testClock(), random, log, ahead, committed: () => undefined })
  const record = (name: string) => hot.run({ judge: () => ({ drafts: [draftOf(name)], value: name }) })
  const first = await Promise.allSettled(['act.1', 'act.2', 'act.3'].map(record))
  assert.deepEqual(
    first.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  assert.equal(kept.flatMap(({ events }) => events).length, 3)
  assert.deepEqual(await opened.names(), [], 'what is ahead comes by itself')
  isFull = false
  await record('act.later')
  assert.deepEqual(await opened.names(), ['act.later'])
  await opened.close()
})

test('while the tables are full the journal takes what it has room for, and no more; what it took is in them after the next start', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  const { writer } = opened.database
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(writer)
  await sql.raw(`pragma max_page_count = ${rows[0]?.page_count}`).execute(writer)
  const text = 'x'.repeat(100_000)
  const record = (name: string) => {
    const draft = ownAct({ kind: name, on: null, change: [], evidence: { text } }, 'req_ahead')
    return opened.hot.run({ judge: () => ({ drafts: [draft], value: name }) })
  }
  const done: string[] = []
  let refused: unknown
  for (let at = 0; refused === undefined; at++) {
    assert.ok(at < 100, 'there was always room')
    await record(`act.${at}`).then(
      () => done.push(`act.${at}`),
      (error: unknown) => {
        refused = error
      },
    )
  }
  assert.equal(refused instanceof Fault && refused.code, 'unavailable')
  assert.ok(done.length > 20, `${done.length}`)
  await assert.rejects(opened.database.write(async () => undefined))
  await opened.close()
  assert.equal(hasJournal(opened.folder), true, 'it is all that has them')
  const again = await open(opened.folder)
  assert.deepEqual(without(await again.names(), 'warm'), done)
  await again.close()
})

test('a start leaves no journal of before, and an end none that was being made', async (t) => {
  const first = await open(await newFolder(t))
  await warm(first)
  await first.record('act.first')
  const copy = killedCopy(first, 'killed')
  await first.close()
  assert.equal(hasJournal(copy), true)
  const again = await open(copy)
  assert.equal(hasJournal(copy), false, 'it is in the tables')
  assert.equal((await again.names()).at(-1), 'act.first')
  assert.equal(again.ahead.isOpen(10), false, 'has one made')
  await again.close()
  assert.equal(hasJournal(copy), false)
})

test('a journal of a later state than the database stops the start: between the two records are missing', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  await opened.record('act.early')
  const early = killedCopy(opened, 'early')
  for (let at = 0; at < 5; at++) {
    await opened.record(`act.${at}`)
    await opened.database.write(async () => undefined)
    // What the disk has by now the journal lets go.
    await opened.database.settled()
  }
  await opened.record('act.late')
  const late = killedCopy(opened, 'late')
  await opened.close()
  cpSync(join(late, 'journal'), join(early, 'journal'))
  await assert.rejects(open(early), ForeignJournal)
  // So does the first record of one that was made anew.
  const again = await open(late)
  await warm(again)
  await again.record('act.again')
  cpSync(join(late, 'journal'), join(early, 'journal'))
  await again.close()
  await assert.rejects(open(early), ForeignJournal)
})

test('the journal lets nothing go before what it holds is on the disk in the tables: to be committed is not enough', async (t) => {
  const folder = await newFolder(t)
  const opened = await open(folder)
  await warm(opened)
  await opened.close()
  const database = openDatabase({ sqliteFile: join(folder, 'reeve.db') })
  const flushed = Promise.withResolvers<void>()
  const path = join(folder, 'journal')
  const ahead = await openRecordsAhead({ ...database, settled: () => flushed.promise }, path, { random, log })
  assert.ok(ahead !== undefined)
  const keep = async (name: string): Promise<number> => {
    await ahead.keep(rowsOf([draftOf(name)], [], { random, now: new Date(0) }), [])
    const { value } = await database.reader
      .selectFrom('kit_counter')
      .select('value')
      .where('name', '=', 'journal-owner')
      .executeTakeFirstOrThrow()
    return (await readJournal(path, Number(value))).at(-1)?.released ?? Number.NaN
  }
  for (const endMs = performance.now() + 120_000; !ahead.isOpen(10); await new Promise(setImmediate))
    assert.ok(performance.now() < endMs, 'the journal never opened')
  const before = await keep('act.first')
  await database.writeGroup(async () => undefined)
  assert.equal(await keep('act.second'), before, 'it is committed')
  flushed.resolve()
  await flushed.promise
  await new Promise(setImmediate)
  assert.equal(await keep('act.third'), before + 1, 'it is on the disk')
  await database.close()
  await ahead.close()
})

test('a journal of another database stops the start, and one that cannot be made costs nothing but time', async (t) => {
  const first = await open(await newFolder(t))
  await warm(first)
  await first.record('act.theirs')
  const copy = killedCopy(first, 'killed')
  await first.close()
  const other = await newFolder(t)
  await (await open(other)).close()
  cpSync(join(copy, 'journal'), join(other, 'journal'))
  await assert.rejects(open(other), ForeignJournal)
  const fresh = await newFolder(t)
  cpSync(join(copy, 'journal'), join(fresh, 'journal'))
  await assert.rejects(open(fresh), ForeignJournal, 'nor is it that of a database which never had one')
  assert.equal(hasJournal(fresh), true)
  rmSync(join(other, 'journal'))
  mkdirSync(join(other, 'journal'))
  await assert.rejects(open(other), /EISDIR/)
  rmSync(join(other, 'journal'), { recursive: true })
  const opened = await open(other)
  mkdirSync(join(other, 'journal'))
  await Promise.all(Array.from({ length: 20 }, (_, at) => opened.record(`act.${at}`)))
  assert.equal(opened.ahead.isOpen(1), false)
  assert.equal((await opened.names()).length, 20)
  await opened.close()
})

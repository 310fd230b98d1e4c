import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { draft } from '../../test/event-draft.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import { insertRowsOf, rowsOf } from '../ledger/append.ts'
import type { AnyTx, Database, Handle } from './database.ts'
import { createHot } from './hot.ts'
import { createLog } from './log.ts'
import { recordAtOnce } from './record-at-once.ts'

const useOf = (key: string) => ({ space: 'test', key, until: new Date(1_000) })

/** One event, one text and these uses, judged at this head. */
const recordOf = ({ random, clock }: Room, head: number, keys: readonly string[] = []) => ({
  head,
  uses: keys.map(useOf),
  rows: rowsOf([draft('act')], [{ digest: 'text', body: 'a text' }], { random, now: clock.now() }),
})

const stored = async ({ database: { reader } }: Room) => ({
  events: (await reader.selectFrom('ledger_waiting').select('kind').execute()).length,
  texts: (await reader.selectFrom('ledger_kept').select('digest').execute()).length,
  uses: (await reader.selectFrom('kit_once').select('key').orderBy('key').execute()).map(({ key }) => key),
})
const NOTHING = { events: 0, texts: 0, uses: [] }

const onPostgres = (name: string, body: (room: Room) => Promise<void>): void =>
  onEveryEngine(name, async (room, t) => {
    if (room.engine === 'sqlite') return t.skip('the embedded database has no round trips to save')
    await body(room)
  })

const LOOKS_MAX = 10_000

/** Resolves when so many wait for locks in this database, which the engine itself says. */
const seeWaiting = async (db: Handle<unknown>, count: number): Promise<void> => {
  const waiting = sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`
  for (let looks = 0; looks < LOOKS_MAX; looks++) if ((await waiting.execute(db)).rows[0]?.count === count) return
  assert.fail(`there were never ${count} who waited`)
}

interface Meanwhile {
  readonly before: (tx: AnyTx) => Promise<unknown>
  readonly isKept?: boolean
  readonly waiters?: number
}

/** Does `work` while a transaction is under way that it has to wait for, and gives what it comes to once that ends. */
const whileItWaits = async <T>(
  { database }: Room,
  { before, isKept = true, waiters = 1 }: Meanwhile,
  work: () => Promise<T>,
): Promise<T> => {
  const back = new Error('rolled back')
  const worked: Promise<T>[] = []
  // On a connection of those who read: those who write need all others.
  const ended = database.reader.transaction().execute(async (tx) => {
    await before(tx)
    worked.push(work())
    await seeWaiting(database.reader, waiters)
    if (!isKept) throw back
  })
  if (isKept) await ended
  else await assert.rejects(ended, back)
  return worked[0] ?? assert.fail('it was not begun')
}

const signalOf = ({ changes }: Room) => ({
  before: (tx: AnyTx) => changes.signal(tx, [{ topic: 'test', key: 'one' }]),
})
const spendingOf = (key: string) => ({
  before: (tx: AnyTx) => tx.insertInto('kit_once').values({ space: 'test', key, until: 1 }).execute(),
})

onPostgres('all is recorded by one statement, and it is what a transaction would have written', async (room) => {
  const { database, random, clock } = room
  const names = ['plain', 'é €𝄞', '\ud800', 'x\udfffy', '\u2028', '"; drop', "'; --"]
  const drafts = names.map((name) => draft('act', { actor: { principalType: 'automation', id: 'reeve', name } }))
  const rows = rowsOf(drafts, [{ digest: 'text', body: 'lone \udc00' }], { random, now: clock.now() })
  const all = async (tx: AnyTx) => ({
    events: await tx.selectFrom('ledger_waiting').selectAll().orderBy('position').orderBy('place').execute(),
    texts: await tx.selectFrom('ledger_kept').selectAll().execute(),
  })
  const withoutPosition = ({ events, texts }: Awaited<ReturnType<typeof all>>) => ({
    texts,
    events: events.map((row) => ({ ...row, position: 0, place: 0 })),
  })
  assert.ok(await recordAtOnce(database, { head: 0, uses: [useOf('b'), useOf('a')], rows }))
  const atOnce = await database.write(all)
  assert.deepEqual(await stored(room), { events: names.length, texts: 1, uses: ['a', 'b'] })
  await database.write(async (tx) => {
    await tx.deleteFrom('ledger_block').execute()
    await tx.deleteFrom('ledger_kept').execute()
    await insertRowsOf(tx, rows)
    assert.deepEqual(withoutPosition(await all(tx)), withoutPosition(atOnce))
  })
})

onPostgres('what is signalled while the record waits for it refuses the record', async (room) => {
  const { database } = room
  const record = (head: number) => recordAtOnce(database, recordOf(room, head, ['a']))
  assert.equal(await whileItWaits(room, signalOf(room), () => record(0)), false)
  assert.deepEqual(await stored(room), NOTHING)
  // One that comes to nothing refuses nothing.
  assert.equal(await whileItWaits(room, { ...signalOf(room), isKept: false }, () => record(1)), true)
  assert.deepEqual(await stored(room), { events: 1, texts: 1, uses: ['a'] })
})

onPostgres('a signal waits for the record that looked before it, and no later one passes it', async (room) => {
  const { database } = room
  const ends: string[] = []
  const record = (key: string) =>
    recordAtOnce(database, recordOf(room, 0, [key])).then((isDone) => ends.push(`${key} ${isDone}`))
  const all = await whileItWaits(room, { ...spendingOf('a'), isKept: false, waiters: 3 }, async () => {
    const first = record('a')
    // It has looked at the head, and waits for the use.
    await seeWaiting(database.reader, 1)
    const signalled = database.write(signalOf(room).before).then(() => ends.push('signal'))
    await seeWaiting(database.reader, 2)
    return [first, signalled, record('b')]
  })
  await Promise.all(all)
  assert.deepEqual(ends, ['a true', 'signal', 'b false'])
})

onPostgres('one use that is not new refuses the whole record, also one that is spent while it waits', async (room) => {
  const { database } = room
  const record = () => recordAtOnce(database, recordOf(room, 0, ['c', 'b', 'a']))
  assert.equal(await whileItWaits(room, spendingOf('b'), record), false)
  assert.equal(await record(), false)
  assert.equal(await recordAtOnce(database, recordOf(room, 0, ['d', 'd'])), false)
  assert.deepEqual(await stored(room), { ...NOTHING, uses: ['b'] })
})

onPostgres('a use that somebody else gave back is new', async (room) => {
  const record = () => recordAtOnce(room.database, recordOf(room, 0, ['b']))
  assert.equal(await whileItWaits(room, { ...spendingOf('b'), isKept: false }, record), true)
  assert.deepEqual(await stored(room), { events: 1, texts: 1, uses: ['b'] })
})

const hotOn = ({ changes, clock, random }: Room, database: Database) =>
  createHot({ database, changes, clock, random, log: createLog('silent'), committed: () => undefined })

onPostgres('calls whose memory is true are recorded without a transaction, replays with one', async (room) => {
  let transactions = 0
  let statements = 0
  const writeGroup: Database['writeGroup'] = (work) => {
    transactions += 1
    return room.database.writeGroup(work)
  }
  const { writeAtOnce = assert.fail() } = room.database
  const counted: NonNullable<Database['writeAtOnce']> = (...given) => {
    statements += 1
    return writeAtOnce(...given)
  }
  const hot = hotOn(room, { ...room.database, writeGroup, writeAtOnce: counted })
  const ask = () =>
    hot.run({
      judge: () => ({ drafts: [draft('act')], value: 'new' }),
      once: [useOf('a')],
      replayed: () => ({ drafts: [draft('replay')], value: 'replayed' }),
    })
  assert.deepEqual([await ask(), transactions, statements], ['new', 0, 1])
  // What was used here before needs no statement that comes to nothing.
  assert.deepEqual([await ask(), transactions, statements], ['replayed', 1, 1])
  const kinds = (await room.events()).map(({ kind }) => kind)
  assert.deepEqual(kinds.sort(), ['act', 'replay'])
})

onPostgres(
  'uses and texts are written in one order, at once and in a transaction, so that no two replicas wait for each other',
  async (room) => {
    const names = ['c', 'a', 'd', 'b']
    for (const database of [room.database, { ...room.database, writeAtOnce: undefined }]) {
      await hotOn(room, database).run({
        judge: () => ({
          drafts: [draft('act')],
          kept: names.map((digest) => ({ digest, body: 'text' })),
          value: 'new',
        }),
        once: names.map(useOf),
        replayed: () => assert.fail('all are new'),
      })
      for (const [table, column] of [
        ['kit_once', 'key'],
        ['ledger_kept', 'digest'],
      ] as const) {
        const { rows } = await sql<{ name: string }>`select ${sql.ref(column)} as name from ${sql.table(table)}
          order by ctid`.execute(room.database.reader)
        assert.deepEqual(
          rows.map(({ name }) => name),
          names.toSorted(),
          table,
        )
        await room.database.write((tx: AnyTx) => tx.deleteFrom(table).execute())
      }
    }
  },
)

const LOST = [
  new Error('Connection terminated unexpectedly'),
  Object.assign(new Error('read EHOSTUNREACH'), { code: 'EHOSTUNREACH' }),
  Object.assign(new Error('bad record mac'), { code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }),
  Object.assign(new Error('result is ambiguous'), { code: '40003' }),
]

onPostgres('a record of which nobody knows whether it was committed is not made again', async (room) => {
  const { writeAtOnce = assert.fail() } = room.database
  let events = 0
  for (const error of LOST) {
    let asked = 0
    const lost: NonNullable<Database['writeAtOnce']> = async (statement, cells) => {
      asked += 1
      await writeAtOnce(statement, cells)
      throw error
    }
    const hot = hotOn(room, { ...room.database, writeAtOnce: lost })
    const calls = Array.from({ length: 3 }, () => hot.run({ judge: () => ({ drafts: [draft('act')], value: 1 }) }))
    const codes = (await Promise.allSettled(calls)).map((end) => end.status === 'rejected' && end.reason.code)
    assert.deepEqual(codes, ['unavailable', 'unavailable', 'unavailable'], error.message)
    events += 3
    assert.deepEqual([asked, (await room.events()).length], [1, events], error.message)
  }
})

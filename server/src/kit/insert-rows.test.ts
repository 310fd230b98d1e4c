import assert from 'node:assert/strict'
import { onEveryEngine } from '../../test/room.ts'
import type { AnyTx, Database } from './database.ts'
import { insertRows } from './insert-rows.ts'

const ENDING = ' on conflict ("space", "key") do nothing returning "key"'
const once = insertRows('kit_once', ['space', 'key', 'until'], ENDING)
const rowsOf = (count: number) => Array.from({ length: count }, (_, at) => ['test', `key ${at}`, at])

onEveryEngine('every row arrives with its own cells, however many there are', async ({ database }) => {
  for (const count of [0, 1, 5, 85, 150]) {
    const back = new Error('rolled back, so that the next count finds nothing')
    const writing = database.write(async (tx) => {
      await once.into(tx, rowsOf(count))
      const stored = await tx.selectFrom('kit_once').select(['key', 'until']).orderBy('until').execute()
      assert.deepEqual(
        stored.map((row) => ({ ...row })),
        rowsOf(count).map(([, key, until]) => ({ key, until })),
      )
      throw back
    })
    await assert.rejects(writing, back)
    assert.deepEqual(await database.reader.selectFrom('kit_once').selectAll().execute(), [], 'in no other transaction')
  }
})

onEveryEngine('nothing is written by a transaction that is over, alone or into another one', async ({ database }) => {
  const over: AnyTx[] = []
  const stored = () => database.reader.selectFrom('kit_once').selectAll().execute()
  await database.write(async (tx) => void over.push(tx))
  const back = new Error('rolled back')
  await assert.rejects(
    database.write(async (tx) => {
      over.push(tx)
      throw back
    }),
    back,
  )
  for (const tx of over) {
    await assert.rejects(once.into(tx, rowsOf(1)), /already (?:committed|rolled back)/)
    assert.deepEqual(await stored(), [])
    await database.write(async () => assert.rejects(once.into(tx, rowsOf(1)), /already (?:committed|rolled back)/))
    assert.deepEqual(await stored(), [])
  }
})

onEveryEngine('what is returned names the rows that were not there before', async ({ database }) => {
  await database.write((tx) => once.into(tx, rowsOf(3)))
  const made = await database.write((tx) => once.into(tx, rowsOf(6)))
  assert.deepEqual(
    made.map(({ key }) => key),
    ['key 3', 'key 4', 'key 5'],
  )
})

onEveryEngine(
  'a text arrives as it is, with quotes, backslashes and escapes, and null stays null',
  async ({ database }) => {
    const rows = await insertedEntries(database)
    assert.deepEqual(rows, ENTRIES)
  },
)

onEveryEngine('half a character does not cost the rows beside it', async ({ database }) => {
  await database.write((tx) =>
    once.into(tx, [
      ['test', 'half \ud83d', 1],
      ['test', 'whole', 2],
    ]),
  )
  const stored = await database.reader.selectFrom('kit_once').select('until').orderBy('until').execute()
  assert.deepEqual(
    stored.map(({ until }) => until),
    [1, 2],
  )
})

const ENTRIES = [
  { id: 'evt_1', at: 9_007_199_254_740_991, actor_id: null, body: '{"a":"\\u0000 \\"quoted\\" \\\\ é 漢 😀"}' },
  { id: 'evt_2', at: 0, actor_id: "it's; {null}", body: 'null' },
]
const EMPTY = { kind: '', outcome: '', request_id: '' }

const insertedEntries = async (database: Database) => {
  const names = ['id', 'at', 'actor_id', 'body', 'kind', 'outcome', 'request_id']
  const into = insertRows('ledger_entry', names)
  await database.write((tx) =>
    into.into(
      tx,
      ENTRIES.map((entry) => Object.values({ ...entry, ...EMPTY })),
    ),
  )
  const stored = await database.reader
    .selectFrom('ledger_entry')
    .select(['id', 'at', 'actor_id', 'body'])
    .where('id', 'in', ['evt_1', 'evt_2'])
    .orderBy('position')
    .execute()
  return stored.map((row) => ({ ...row }))
}

import assert from 'node:assert/strict'
import { onEveryEngine } from '../../test/room.ts'
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

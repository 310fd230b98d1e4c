import assert from 'node:assert/strict'
import { onEveryEngine } from '../../../test/room.ts'
import { thinCheckpoints } from '../index.ts'

const MINUTE_MS = 60_000

onEveryEngine(
  'of checkpoints older than an hour the last of each hour stays, and of younger ones all',
  async (room) => {
    const now = room.clock.now()
    const rows = Array.from({ length: 240 }, (_, at) => ({
      size: at + 1,
      note: 'note',
      at: now.getTime() - (240 - at) * MINUTE_MS,
    }))
    await room.database.write((tx) => tx.insertInto('ledger_checkpoint').values(rows).execute())
    await thinCheckpoints(room.database).run(now)
    const left = await room.database.reader.selectFrom('ledger_checkpoint').select('size').orderBy('size').execute()
    // It is noon: the hours before end with the entries 60, 120 and 180, and the last hour is whole.
    assert.deepEqual(
      left.map(({ size }) => size),
      [60, 120, ...Array.from({ length: 61 }, (_, at) => at + 180)],
    )
  },
)

import assert from 'node:assert/strict'
import { onEveryEngine } from '../../test/room.ts'
import type { AnyTx } from './database.ts'
import { openSealer, WrongKey } from './seal.ts'

onEveryEngine('replicas that open a new database together seal under one key', async (room) => {
  const { database, random, clock } = room
  await database.write((tx: AnyTx) => tx.deleteFrom('kit_data_key').execute())
  const kek = random.bytes(32)
  const sealers = await Promise.all(
    Array.from({ length: 3 }, () => database.write((tx: AnyTx) => openSealer(tx, kek, random, clock.now()))),
  )
  const at = { table: 'a', row: 'b', column: 'c' }
  const sealed = sealers.map((sealer) => sealer.seal(Buffer.from('secret'), at))
  for (const sealer of sealers) for (const text of sealed) assert.equal(sealer.open(text, at).toString(), 'secret')
})

onEveryEngine('what is sealed opens nowhere else, and not under another key', async (room) => {
  const { database, random, clock, sealer } = room
  const at = { table: 'broker_key', row: 'key_1', column: 'sealed' }
  const sealed = sealer.seal(Buffer.from('secret'), at)
  for (const moved of [
    { ...at, table: 'other' },
    { ...at, row: 'key_2' },
    { ...at, column: 'other' },
  ])
    assert.throws(() => sealer.open(sealed, moved))
  const wrong = database.write((tx: AnyTx) => openSealer(tx, random.bytes(32), random, clock.now()))
  await assert.rejects(wrong, WrongKey)
})

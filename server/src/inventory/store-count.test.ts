import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { inventoryCounts } from '../../migrations/0016-inventory.ts'
import { bot, type InventoryRoom, openInventory, team } from '../../test/inventory.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { AnyTx } from '../kit/database.ts'
import { identityCounts, recount, sumCounts } from './store-count.ts'

const texts = (rows: readonly { kind: string; state: string; identities: number }[]) =>
  rows
    .filter(({ identities }) => identities !== 0)
    .map(({ kind, state, identities }) => `${identities} ${kind} ${state}`)
    .sort()

const counted = async (room: Room) => texts(await identityCounts(room.database.reader))

/** What a look at every identity counts. */
const truly = async (room: Room) =>
  texts(
    await room.database.reader
      .selectFrom('inventory_identity')
      .select(['kind', 'state'])
      .select((eb) => eb.fn.countAll<number>().as('identities'))
      .groupBy(['kind', 'state'])
      .execute(),
  )

const rowsOf = async (room: Room) =>
  (await room.database.reader.selectFrom('inventory_count').selectAll().execute()).length

const register = async (room: Room): Promise<InventoryRoom['call']> => {
  const { call } = openInventory(room)
  await call('team.create', team())
  for (const name of ['sync', 'export', 'gone']) await call('identity.create', bot(name))
  await call('identity.create', { ...bot('watch'), kind: 'service' })
  await call('identity.create', { ...bot('child'), parent: 'sync' })
  return call
}

onEveryEngine(
  'identities are counted by kind and state as they are made, stopped, released and retired, and not where that failed',
  async (room) => {
    const call = await register(room)
    assert.deepEqual(await counted(room), ['1 service active', '4 bot active'])
    await call('identity.quarantine', { identity: 'sync', reason: 'a test' })
    assert.deepEqual(await counted(room), ['1 service active', '2 bot active', '2 bot quarantined'])
    await call('identity.release', { identity: 'sync', reason: 'a test' })
    await call('identity.retire', { identity: 'gone', reason: 'a test' })
    await call('identity.change', { identity: 'export', purpose: 'exports nothing' })
    assert.deepEqual(await counted(room), ['1 bot retired', '1 service active', '3 bot active'])
    await assert.rejects(() => call('identity.create', bot('sync')))
    await assert.rejects(() => call('identity.release', { identity: 'gone', reason: 'a test' }))
    assert.deepEqual(await counted(room), await truly(room))
    assert.deepEqual(await counted(room), ['1 bot retired', '1 service active', '3 bot active'])
  },
)

onEveryEngine('counts that are summed are the same counts, in one row of each, also of what is gone', async (room) => {
  const call = await register(room)
  await call('identity.quarantine', { identity: 'watch', reason: 'a test' })
  const before = await counted(room)
  assert.ok((await rowsOf(room)) > 3)
  for (const _ of ['once', 'again']) {
    await room.database.write(sumCounts)
    assert.deepEqual(await counted(room), before)
    assert.equal(await rowsOf(room), 3)
  }
  const watches = (await identityCounts(room.database.reader)).filter(({ kind }) => kind === 'service')
  assert.deepEqual(watches.map(({ state, identities }) => `${identities} ${state}`).sort(), [
    '0 active',
    '1 quarantined',
  ])
})

onEveryEngine('nothing is lost or counted twice while many identities are made and counts are summed', async (room) => {
  const call = await register(room)
  const many = Array.from({ length: 24 }, (_, i) => call('identity.create', bot(`many-${i}`)))
  const sums = Array.from({ length: 8 }, () => room.database.write(sumCounts))
  await Promise.all([...many, ...sums])
  assert.deepEqual(await counted(room), ['1 service active', '28 bot active'])
})

onEveryEngine('identities of before there were counts are counted when the table is made', async (room) => {
  const call = await register(room)
  await call('identity.retire', { identity: 'gone', reason: 'a test' })
  const before = await counted(room)
  await room.database.writer.schema.dropTable('inventory_count').execute()
  await inventoryCounts.up(room.database.writer)
  assert.deepEqual(await counted(room), before)
})

/** Whether this writes anything. */
const writes = (room: Room, work: (tx: AnyTx) => Promise<void>): Promise<boolean> =>
  room.database.write(async (tx) => {
    const changes = sql<{ n: string | number | null }>`select ${
      room.engine === 'sqlite' ? sql`total_changes()` : sql`pg_current_xact_id_if_assigned()::text`
    } as n`
    const before = (await changes.execute(tx)).rows[0]?.n
    await work(tx)
    return (await changes.execute(tx)).rows[0]?.n !== before
  })

/** As a replica of before there were counts does. */
const stopUncounted = (room: Room, name: string) =>
  room.database.write((tx: AnyTx) =>
    tx.updateTable('inventory_identity').set({ state: 'quarantined' }).where('name', '=', name).execute(),
  )

onEveryEngine('what was changed without being counted is counted once, whoever looks and how often', async (room) => {
  const call = await register(room)
  await stopUncounted(room, 'export')
  await stopUncounted(room, 'watch')
  assert.notDeepEqual(await counted(room), await truly(room))
  const looks = Array.from({ length: 6 }, () => room.database.write(recount))
  const sums = Array.from({ length: 3 }, () => room.database.write(sumCounts))
  const many = Array.from({ length: 12 }, (_, i) => call('identity.create', bot(`many-${i}`)))
  await Promise.all([...looks, ...many, ...sums])
  assert.deepEqual(await counted(room), ['1 bot quarantined', '1 service quarantined', '15 bot active'])
  assert.deepEqual(await counted(room), await truly(room))
})

onEveryEngine('a recount that begins while another is not over adds nothing a second time', async (room) => {
  await register(room)
  await stopUncounted(room, 'export')
  const second: Promise<void>[] = []
  await room.database.write(async (tx: AnyTx) => {
    await recount(tx)
    second.push(room.database.write(recount))
    // Time enough for the other one to look, were it not made to wait.
    for (let turn = 0; turn < 50; turn++) await identityCounts(tx)
  })
  await Promise.all(second)
  assert.deepEqual(await counted(room), await truly(room))
})

onEveryEngine('where nothing changed, nothing is written: neither by a sum nor by a recount', async (room) => {
  await register(room)
  assert.equal(await writes(room, sumCounts), true)
  assert.equal(await writes(room, sumCounts), false)
  assert.equal(await writes(room, recount), false)
  await stopUncounted(room, 'sync')
  assert.equal(await writes(room, recount), true)
  assert.equal(await writes(room, recount), false)
})

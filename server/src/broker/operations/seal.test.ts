import assert from 'node:assert/strict'
import { addSecret, ORDERS, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'
import { resealSome, SEALED_COLUMNS } from '../../kit/reseal.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const automation = {
  ...adminCaller,
  roles: [],
  actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } as const,
}

/** What the change feed does in a server. */
const hear = async ({ room: { sealer, database } }: TestBroker) => {
  await sealer.reload(database.reader)
  await sealer.reserve(database)
}

const runJob = async (test: TestBroker): Promise<void> => {
  const jobs = test.broker.jobs((operation, input) => test.room.call(operation, input, automation))
  await jobs.find(({ name }) => name === 'broker.seal.advance')?.run(test.room.clock.now())
  await hear(test)
}

const setUses = (test: TestBroker, uses: number) =>
  test.room.database.write((tx) => tx.updateTable('kit_data_key').set({ uses }).execute())

onEveryBroker(
  'K4: a data key that was used half as often as it may be is followed by the next, by itself',
  async (test) => {
    const { sealer, clock } = test.room
    const first = sealer.sealsWith()
    await setUses(test, 2 ** 31 - 2 ** 17)
    await useUp(test)
    await runJob(test)
    assert.equal(sealer.keys().length, 1, 'not yet')
    await setUses(test, 2 ** 31)
    await useUp(test)
    await runJob(test)
    await runJob(test)
    assert.equal(sealer.keys().length, 2, 'one, and not one a minute')
    assert.equal(sealer.sealsWith(), first)
    clock.advance(MINUTE_MS)
    assert.notEqual(sealer.sealsWith(), first)
    await hear(test)
    await runJob(test)
    assert.equal(sealer.keys().length, 2, 'the next one was hardly used')
  },
)

/** Seals until more is set aside, which tells how often all used the key. */
const useUp = async (test: TestBroker): Promise<void> => {
  const at = { table: 't', row: 'r', column: 'c' }
  for (let use = 0; use < 60_000; use++) test.room.sealer.seal(Buffer.from('x'), at)
  await hear(test)
}

const rotate = async (test: TestBroker): Promise<string> => {
  const { key } = await test.call('broker.seal.rotate', { reason: 'a year has passed' })
  await hear(test)
  return key
}

/** With which data keys whatever is sealed is sealed, by column. */
const sealedWith = async (test: TestBroker): Promise<Record<string, string[]>> => {
  const found: Record<string, string[]> = {}
  for (const { table, column } of SEALED_COLUMNS) {
    const rows = await test.room.database.reader
      .selectFrom(table)
      .select(column)
      .where(column, 'is not', null)
      .execute()
    const ids = rows.map((row) => String(Object.values(row)[0]).split('.')[1] ?? '')
    found[table] = [...new Set(ids)].toSorted()
  }
  return found
}

onEveryBroker(
  'K2: a new data key seals once every replica has heard of it; what was sealed before is sealed anew, and answers stay',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const { secret: signing } = await test.call('broker.credential.add', {
      ...{ identity: 'nhi_sync', kind: 'webhook-secret', resource: ORDERS, actions: ['orders.read'] },
    })
    assert.equal((await postSecret(test, secret)).status, 200)
    const operation = test.broker.operations.find(({ name }) => name === 'broker.key.rotate')
    assert.ok(operation !== undefined)
    const ask = { algorithm: 'ES256', reason: 'planned' }
    const answered = await test.room.call(operation, ask, adminCaller, 'key-of-a-retry')
    const { keys: before } = await test.call('broker.seal.show', {})
    const first = before[0].id
    const second = await rotate(test)
    assert.equal(test.room.sealer.sealsWith(), first, 'not yet: another replica may not know it')
    await assert.rejects(test.call('broker.seal.rotate', { reason: 'once more' }), { code: 'seal_rotation_running' })
    await runJob(test)
    assert.deepEqual(await sealedWith(test), {
      broker_credential: [first],
      broker_signing_key: [first],
      broker_stream: [],
      inventory_connector: [],
      ledger_key: [],
      kit_idempotency: [first],
    })
    test.room.clock.advance(MINUTE_MS)
    assert.equal(test.room.sealer.sealsWith(), second)
    await runJob(test)
    assert.deepEqual(await sealedWith(test), {
      broker_credential: [second],
      broker_signing_key: [second],
      ledger_key: [],
      broker_stream: [],
      inventory_connector: [],
      kit_idempotency: [second],
    })
    assert.equal((await postSecret(test, secret)).status, 200)
    const server = {
      ...adminCaller,
      actor: { principalType: 'nhi', id: 'nhi_orders_api', name: 'orders_api' } as const,
    }
    const { secrets } = await test.call('broker.webhook.take', { resource: ORDERS }, server)
    assert.equal(secrets[0].secret, signing, 'what signs webhooks is the same')
    assert.deepEqual(await test.room.call(operation, ask, adminCaller, 'key-of-a-retry'), answered, 'a repeat')
    const view = await test.call('broker.seal.show', {})
    assert.deepEqual(
      view.keys.map(({ id, isSealing }: { id: string; isSealing: boolean }) => [id, isSealing]),
      [
        [first, false],
        [second, true],
      ],
    )
    const events = await test.room.events()
    const told = events.filter(({ kind }) => kind.startsWith('broker.seal') && kind !== 'broker.seal.show')
    assert.ok(!JSON.stringify(told).includes('wrapped":"'), 'no key in any form')
    assert.deepEqual(
      told.map(({ kind, outcome }) => `${kind} ${outcome}`),
      ['broker.seal.rotate done', 'broker.seal.rotate refused', 'broker.seal.advance done'],
    )
  },
)

onEveryBroker('K2: whatever is sealed has its column in the list of what is sealed anew', async (test) => {
  const tables = await test.room.database.reader.introspection.getTables()
  const sealed = tables.flatMap(({ name, columns }) =>
    columns.filter((column) => column.name === 'sealed').map((column) => `${name}.${column.name}`),
  )
  assert.deepEqual(
    [...sealed, 'kit_idempotency.response'].toSorted(),
    SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).toSorted(),
  )
})

onEveryBroker(
  'K2: a data key is destroyed a day after nothing is sealed with it, never the first and never one that is in use',
  async (test) => {
    setUpOrders(test)
    await addSecret(test)
    const first = test.room.sealer.sealsWith()
    const made: string[] = []
    for (let turn = 0; turn < 3; turn++) {
      made.push(await rotate(test))
      test.room.clock.advance(2 * MINUTE_MS)
      await runJob(test)
    }
    assert.deepEqual(idsOf(test), [first, ...made])
    test.room.clock.advance(DAY_MS)
    await runJob(test)
    assert.deepEqual(idsOf(test), [first, made[2]])
    const stored = await test.room.database.reader.selectFrom('kit_data_key').selectAll().execute()
    for (const { id, wrapped, retired_at } of stored)
      assert.equal(wrapped === '', made.slice(0, 2).includes(id) && retired_at !== null, id)
    await runJob(test)
    assert.deepEqual(idsOf(test), [first, made[2]])
  },
)

onEveryBroker('K2: of rotations at once one is made, and whoever reads meanwhile finds everything', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  assert.equal((await postSecret(test, secret)).status, 200)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => test.call('broker.seal.rotate', { reason: 'at once' })),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.match(String(outcome.reason), /data key was made a moment ago/)
  await hear(test)
  test.room.clock.advance(2 * MINUTE_MS)
  const [tokens] = await Promise.all([
    Promise.all(Array.from({ length: 20 }, () => postSecret(test, secret))),
    ...Array.from({ length: 3 }, () => test.room.database.write((tx) => resealSome(tx, test.room.sealer, 100))),
  ])
  assert.deepEqual([...new Set(tokens.map(({ status }) => status))], [200])
})

const idsOf = (test: TestBroker): string[] => test.room.sealer.keys().map(({ id }) => id)

import assert from 'node:assert/strict'
import { z } from 'zod'
import { adminCaller, onEveryEngine } from '../../test/room.ts'
import { coreFault } from './fault.ts'
import { DEPLOYMENT, operationsOf } from './operation.ts'
import type { KitTables } from './schema.ts'

const operation = operationsOf<KitTables, Record<string, never>>()

const touch = operation.write({
  name: 'kit.thing.touch',
  summary: 'touches',
  input: z.strictObject({ name: z.string().max(10) }),
  output: z.object({ name: z.string() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ tx, input }) => {
    await tx.insertInto('kit_cursor').values({ name: input.name, seq: 0, at: 0 }).execute()
    if (input.name === 'bad') throw new Error('broken on purpose')
    return { output: { name: input.name } }
  },
})({})

onEveryEngine('a write and its event are committed together, and a failure leaves only its record', async (room) => {
  assert.deepEqual(await room.call(touch, { name: 'one' }), { name: 'one' })
  await assert.rejects(() => room.call(touch, { name: 'bad' }), { code: 'internal' })
  await assert.rejects(() => room.call(touch, { name: 'x', more: 1 }), { code: 'invalid_input' })
  const rows = await room.database.reader.selectFrom('kit_cursor').select('name').execute()
  assert.deepEqual(
    rows.map((row) => row.name),
    ['one'],
  )
  const events = await room.events()
  assert.deepEqual(
    events.map((event) => [event.kind, event.outcome, event.code]),
    [
      ['kit.thing.touch', 'done', null],
      ['kit.thing.touch', 'failed', 'internal'],
      ['kit.thing.touch', 'refused', 'invalid_input'],
    ],
  )
})

onEveryEngine(
  'the same idempotency key gives one effect and the same answer, another body is refused',
  async (room) => {
    assert.deepEqual(await room.call(touch, { name: 'two' }, undefined, 'key-1'), { name: 'two' })
    assert.deepEqual(await room.call(touch, { name: 'two' }, undefined, 'key-1'), { name: 'two' })
    await assert.rejects(() => room.call(touch, { name: 'three' }, undefined, 'key-1'), {
      code: 'idempotency_conflict',
    })
  },
)

onEveryEngine('a repeat under an idempotency key is answered only to whoever may still make the call', async (room) => {
  assert.deepEqual(await room.call(touch, { name: 'four' }, undefined, 'key-2'), { name: 'four' })
  const { decide } = room
  room.decide = (asked) => ({ ...decide(asked), isAllowed: false })
  await assert.rejects(() => room.call(touch, { name: 'four' }, undefined, 'key-2'), { code: 'denied' })
})

const look = operation.read({
  name: 'kit.thing.show',
  summary: 'shows',
  input: z.strictObject({}),
  output: z.object({}),
  faults: [],
  on: () => DEPLOYMENT,
  run: async () => ({ output: {} }),
})({})

onEveryEngine('a proof that ended on the way to the judgement refuses a write, a read and a repeat', async (room) => {
  assert.deepEqual(await room.call(touch, { name: 'five' }, undefined, 'key-3'), { name: 'five' })
  const stopped = { ...adminCaller, stillProven: () => Promise.reject(coreFault('unauthenticated')) }
  const refused = { code: 'unauthenticated' }
  await assert.rejects(() => room.call(touch, { name: 'six' }, stopped), refused)
  await assert.rejects(() => room.call(look, {}, stopped), refused)
  await assert.rejects(() => room.call(touch, { name: 'five' }, stopped, 'key-3'), refused)
  assert.deepEqual((await room.database.reader.selectFrom('kit_cursor').select('name').execute()).length, 1)
})

onEveryEngine('a repeat that is stopped before its record is durable is not answered', async (room) => {
  await room.call(touch, { name: 'seven' }, undefined, 'key-4')
  let looks = 0
  const stopped = {
    ...adminCaller,
    stillProven: () => (looks++ === 0 ? stopIt() : Promise.reject(coreFault('unauthenticated'))),
  }
  // Somebody else's stop commits while the repeat is on its way.
  const stopIt = async () => void (await room.call(tryOut, { name: 'stop' }))
  await assert.rejects(() => room.call(touch, { name: 'seven' }, stopped, 'key-4'), { code: 'unauthenticated' })
  assert.equal(looks, 2)
})

const tryOut = operation.write({
  name: 'kit.thing.put',
  summary: 'puts, or only says so',
  input: z.strictObject({ name: z.string().max(10), dryRun: z.boolean().default(false) }),
  output: z.object({ name: z.string() }),
  faults: [],
  on: () => DEPLOYMENT,
  // It does not look at dryRun at all: what the pipeline promises holds for whoever forgets to.
  run: async ({ tx, input }) => {
    await tx.insertInto('kit_cursor').values({ name: input.name, seq: 0, at: 0 }).execute()
    if (input.name === 'bad') throw coreFault('too_large')
    return {
      output: { name: input.name },
      change: [{ field: 'name', before: null, after: input.name }],
      evidence: { of: 'a test' },
      signals: [{ topic: 'thing', key: input.name }],
    }
  },
})({})

onEveryEngine('a dry run changes nothing, tells nobody, and no record of it reads as done', async (room) => {
  const told: string[] = []
  room.changes.follow('thing', { changed: (keys) => void told.push(...keys), reset: () => undefined })
  const count = async () => (await room.database.reader.selectFrom('kit_cursor').selectAll().execute()).length
  assert.deepEqual(await room.call(tryOut, { name: 'one', dryRun: true }), { name: 'one' })
  await assert.rejects(() => room.call(tryOut, { name: 'bad', dryRun: true }), { code: 'too_large' })
  assert.equal(await count(), 0)
  assert.deepEqual(told, [])
  const records = (await room.events()).map(({ outcome, change, evidence }) => ({ outcome, change, evidence }))
  assert.deepEqual(records, [
    { outcome: 'dry-run', change: [], evidence: { of: 'a test', isDryRun: true } },
    { outcome: 'refused', change: [], evidence: { isDryRun: true } },
  ])
  await room.call(tryOut, { name: 'one' })
  assert.deepEqual([await count(), told], [1, ['one']])
  const real = (await room.events()).slice(2).map(({ outcome, evidence }) => [outcome, evidence])
  assert.deepEqual(real, [['done', { of: 'a test' }]])
})

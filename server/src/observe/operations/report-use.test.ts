import assert from 'node:assert/strict'
import { identityCaller } from '../../../test/lifecycle.ts'
import { ORDERS, openObserve } from '../../../test/observe.ts'
import { onEveryEngine } from '../../../test/room.ts'
import type { LastUsed } from '../index.ts'
import { forgetOldUse, recentUse, recordLastUse } from '../index.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const server = identityCaller('nhi_one')

onEveryEngine(
  'what verifiers see is recorded as events of those who acted, and sets what was last used',
  async (room, t) => {
    const { call, log, close } = await openObserve(room)
    const { clock, database } = room
    const start = clock.now()
    const report = (over = {}) => ({
      at: clock.now().toISOString(),
      token: 'a'.repeat(43),
      identity: 'nhi_two',
      credential: 'crd_1',
      instance: 'pod-1',
      audience: ORDERS,
      action: 'orders.read',
      outcome: 'allowed',
      code: null,
      ip: '192.0.2.1',
      ...over,
    })
    const marked: LastUsed[] = []
    const job = recordLastUse({
      database,
      clock,
      ports: {
        markUsed: async (_tx, used) => {
          marked.push(used)
        },
      },
    })

    await t.test('each report is an event of its own, by the identity that acted', async () => {
      const answer = await call(
        'use.report',
        { reports: [report(), report({ action: null, instance: undefined })] },
        server,
      )
      assert.deepEqual(answer, { accepted: 2, refused: [] })
      const events = (await room.events()).filter(({ evidence }) => evidence.reportedBy === 'nhi_one')
      assert.deepEqual(
        events.map(({ kind, actor, outcome, credential }) => [kind, actor.id, actor.name, outcome, credential]),
        [
          ['observe.use.report', 'nhi_two', 'orders-sync', 'done', 'crd_1'],
          ['observe.use.report', 'nhi_two', 'orders-sync', 'done', 'crd_1'],
        ],
      )
    })
    await t.test('a bad report is refused alone, and says which and why', async () => {
      const late = new Date(clock.now().getTime() - 31 * DAY_MS).toISOString()
      const early = new Date(clock.now().getTime() + DAY_MS).toISOString()
      const reports = [
        report({ audience: 'https://elsewhere.example' }),
        report({ identity: 'nhi_unknown' }),
        report({ at: late }),
        report({ at: early }),
        report({ outcome: 'refused', code: 'token_expired' }),
      ]
      assert.deepEqual(await call('use.report', { reports }, server), {
        accepted: 1,
        refused: [
          { index: 0, code: 'not_served_by_you' },
          { index: 1, code: 'unknown_identity' },
          { index: 2, code: 'time_out_of_range' },
          { index: 3, code: 'time_out_of_range' },
        ],
      })
      const foreign = await call('use.report', { reports: [report()] }, identityCaller('nhi_two'))
      assert.equal(foreign.accepted, 0)
    })
    await t.test('a person reports nothing, and no batch is larger than 500', async () => {
      await assert.rejects(call('use.report', { reports: [] }), { code: 'wrong_principal_type' })
      const many = { reports: Array.from({ length: 501 }, () => report()) }
      await assert.rejects(call('use.report', many, server), { code: 'invalid_input' })
    })
    await t.test('the log’s follower records what was used, once, and a refusal is no use', async () => {
      clock.advance(1000)
      await call('use.report', { reports: [report(), report({ at: start.toISOString() })] }, server)
      await log.sequencer.flush()
      await job.run(clock.now())
      await job.run(clock.now())
      // The calls that brought the reports are of the same kind, and `nhi_one` made them: telling is no use.
      assert.equal(marked.length, 1)
      assert.deepEqual(marked[0], {
        identities: [{ id: 'nhi_two', at: clock.now() }],
        credentials: [{ id: 'crd_1', at: clock.now() }],
        instances: [{ identity: 'nhi_two', instance: 'pod-1', at: clock.now() }],
      })
      const rows = await database.reader.selectFrom('observe_use').select(['action', 'instance', 'count']).execute()
      assert.deepEqual(
        rows.map(({ action, instance, count }) => `${action}|${instance}|${count}`).sort(),
        ['orders.read|pod-1|3', '||1'].sort(),
      )
    })
    await t.test('where it was seen lately is known, newest first, and a moment never moves backwards', async () => {
      await call('use.report', { reports: [report({ at: start.toISOString() })] }, server)
      await log.sequencer.flush()
      await job.run(clock.now())
      const used = await recentUse(database.reader, 'nhi_two', new Date(start.getTime() - DAY_MS))
      assert.deepEqual(used, [
        { resource: ORDERS, action: 'orders.read', at: clock.now(), instance: 'pod-1' },
        { resource: ORDERS, action: null, at: start, instance: null },
      ])
      assert.deepEqual(await recentUse(database.reader, 'nhi_two', new Date(clock.now().getTime() + 1)), [])
    })
    await t.test('it is forgotten when no review looks back that far', async () => {
      await forgetOldUse(database).run(new Date(clock.now().getTime() + 401 * DAY_MS))
      assert.deepEqual(await recentUse(database.reader, 'nhi_two', new Date(0)), [])
    })
    await close()
  },
)

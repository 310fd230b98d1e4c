import assert from 'node:assert/strict'
import { bot, identityCaller, team } from '../../../test/inventory.ts'
import { openJudging } from '../../../test/judging.ts'
import { openLog } from '../../../test/ledger/log.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'

const HOUR_MS = 60 * 60 * 1000
const FIREFOX = 'Mozilla/5.0 Gecko/20100101 Firefox/142.0'

onEveryEngine(
  'people who use what is a machine’s, and programs that use what is a person’s, are found and close',
  async (room, t) => {
    const { rooms, call, judge, findings, run } = await openJudging(room)
    const log = await openLog(room)
    const count = async () => {
      await log.sequencer.flush()
      await run('observe: record last use')
    }
    const counted = async (rule: string) => {
      await count()
      return judge(rule)
    }
    await call('inventory.team.create', team())
    const { id } = await call('inventory.identity.create', bot())
    const show = rooms.operations.find(({ name }) => name === 'inventory.identity.show')
    assert.ok(show !== undefined)
    const as = async (userAgent: string, credential: string | null) => {
      const caller = { ...identityCaller(id, 'orders-sync'), credential, source: { ...adminCaller.source, userAgent } }
      await rooms.memory.warm(id)
      await rooms.pipeline.call(show, { identity: id }, caller)
    }

    await t.test(
      'an identity that acts from a browser; from a program it does not, nor by what works no more',
      async () => {
        await as('python-requests/2.32', null)
        await as(FIREFOX, 'crd_ended')
        assert.deepEqual(await counted('posture/used-by-person'), [])
        await as(FIREFOX, null)
        assert.deepEqual(await counted('posture/used-by-person'), ['posture/used-by-person medium open'])
        const [{ evidence, identity } = {}] = await findings('posture/used-by-person')
        assert.deepEqual([Object.values(evidence ?? {}), identity], [['it was used from a browser'], id])
        room.clock.advance(31 * 24 * HOUR_MS)
        await as('python-requests/2.32', null)
        assert.deepEqual(await counted('posture/used-by-person'), ['posture/used-by-person medium closed'])
      },
    )
    await t.test('an account of a person that acts at every hour; one that sleeps does not', async () => {
      const days = async (many: number, hours: number) => {
        for (let day = 0; day < many; day++)
          for (let hour = 0; hour < 24; hour++) {
            if (hour < hours) await call('inventory.team.list', {})
            // A day is counted in parts.
            if (hour === 11) await count()
            room.clock.advance(HOUR_MS)
          }
      }
      // From midnight on, so that a day is a day.
      room.clock.advance(24 * HOUR_MS - (room.clock.now().getTime() % (24 * HOUR_MS)))
      await days(4, 12)
      assert.deepEqual(await counted('posture/person-as-bot'), [])
      await days(2, 22)
      assert.deepEqual(await counted('posture/person-as-bot'), [])
      await days(1, 22)
      assert.deepEqual(await counted('posture/person-as-bot'), ['posture/person-as-bot medium open'])
      const [{ evidence } = {}] = await findings('posture/person-as-bot')
      assert.match(Object.values(evidence ?? {}).join(), /^the account per_test_admin acted in 20 or more hours a day/)
      await days(8, 3)
      assert.deepEqual(await counted('posture/person-as-bot'), ['posture/person-as-bot medium closed'])
    })
    await log.close()
  },
)

import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openJudging } from '../../../test/judging.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { CHILDREN_MAX } from '../domain/lineage.ts'

onEveryEngine(
  'an agent with all the children it may have, and an identity that does everything, are found and close',
  async (room, t) => {
    const { call, judge, findings } = await openJudging(room)
    await call('inventory.team.create', team())
    const agent = { ...bot('planner'), kind: 'agent', environment: 'staging' }
    await call('inventory.identity.create', agent)

    await t.test('one child less is none; the last one is found, and closes with the first that retires', async () => {
      const child = (at: number) => ({ ...agent, name: `planner-${at}`, parent: 'planner', expiresAt: '30d' })
      for (let at = 1; at < CHILDREN_MAX; at++) await call('inventory.identity.create', child(at))
      assert.deepEqual(await judge('posture/many-children'), [])
      await call('inventory.identity.create', child(CHILDREN_MAX))
      assert.deepEqual(await judge('posture/many-children'), ['posture/many-children medium open'])
      const [{ evidence } = {}] = await findings('posture/many-children')
      assert.deepEqual(Object.values(evidence ?? {}), ['20 living children, of 20 at most'])
      // Past its cap it has none, and that is refused, whoever asks.
      await assert.rejects(call('inventory.identity.create', child(CHILDREN_MAX + 1)), { code: 'children_capped' })
      await call('inventory.identity.retire', { identity: 'planner-1', reason: 'its work is done' })
      assert.deepEqual(await judge('posture/many-children'), ['posture/many-children medium closed'])
    })
    await t.test('more functions than are one task, and no more once they are fewer', async () => {
      const doing = (...functions: readonly string[]) => ({ ...bot().classification, functions })
      const of = (functions: readonly string[]) => ({
        ...bot('factotum'),
        environment: 'staging',
        classification: doing(...functions),
      })
      await call('inventory.identity.create', of(['sync', 'build', 'notify']))
      assert.deepEqual(await judge('posture/general-purpose'), [])
      const everything = doing('sync', 'build', 'notify', 'observe')
      await call('inventory.identity.change', { identity: 'factotum', classification: everything })
      assert.deepEqual(await judge('posture/general-purpose'), ['posture/general-purpose high open'])
      // What is as it was is written again once a day, and counts as seen all the same.
      const lastSeen = async () => (await findings('posture/general-purpose'))[0]?.lastSeenAt
      const first = await lastSeen()
      await judge('posture/general-purpose')
      assert.equal(await lastSeen(), first)
      room.clock.advance(24 * 60 * 60 * 1000)
      await judge('posture/general-purpose')
      assert.notEqual(await lastSeen(), first)
      await call('inventory.identity.change', { identity: 'factotum', classification: doing('sync') })
      assert.deepEqual(await judge('posture/general-purpose'), ['posture/general-purpose high closed'])
    })
  },
)

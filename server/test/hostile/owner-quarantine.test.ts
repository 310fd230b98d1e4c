import assert from 'node:assert/strict'
import { personCaller } from '../lifecycle.ts'
import { declaredBot, openPlugged, peopleOf } from '../plugged.ts'
import { onEveryEngine } from '../room.ts'

onEveryEngine('nobody takes an identity out of the quarantine of its team who could not end it', async (room, t) => {
  const plugged = await openPlugged(room)
  const { admin, security, ownerA, ownerB } = await peopleOf(room, plugged)
  const { call } = plugged
  await call('inventory.identity.create', declaredBot('reader'), admin)
  const ofBoth = personCaller('per_both', ...ownerA.roles, ...ownerB.roles)
  const move = { identity: 'reader', owner: 'team-b' }
  await call('inventory.owner.quarantine', { owner: 'team-a', reason: 'breach' }, admin)
  await t.test('who owns both teams', async () => {
    await assert.rejects(call('inventory.identity.change', move, ofBoth), { code: 'release_not_yours' })
    assert.equal((await call('inventory.identity.change', { ...move, owner: 'team-a' }, ofBoth)).owner.name, 'team-a')
  })
  await t.test('who placed it may', async () => {
    assert.equal((await call('inventory.identity.change', move, admin)).owner.name, 'team-b')
  })
  await t.test('and so may an owner of both, of what nobody stopped', async () => {
    await call('inventory.owner.release', { owner: 'team-a', reason: 'over' }, security)
    for (const owner of ['team-a', 'team-b'])
      assert.equal((await call('inventory.identity.change', { ...move, owner }, ofBoth)).owner.name, owner)
  })
})

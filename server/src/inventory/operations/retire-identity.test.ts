import assert from 'node:assert/strict'
import { bot, openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'

onEveryEngine('a retired identity is gone for good, with its belongings and what it spawned', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  const parent = await call('identity.create', bot('parent'))
  const child = await call('identity.create', { ...bot('child'), parent: 'parent' })
  const retired = await call('identity.retire', { identity: 'parent', reason: 'replaced' })
  assert.deepEqual(
    [retired.state, retired.stateReason, retired.along],
    ['retired', 'replaced', [{ id: child.id, name: 'child' }]],
  )
  assert.deepEqual(inventory.ended, [parent.id, child.id])
  assert.deepEqual(
    inventory.stops.map((stop) => 'verb' in stop && [stop.verb, stop.id, stop.until !== null]),
    [
      ['revoke', parent.id, true],
      ['revoke', child.id, true],
    ],
  )
  for (const [operation, input] of [
    ['identity.retire', { reason: 'again' }],
    ['identity.quarantine', { reason: 'x' }],
    ['identity.release', { reason: 'x' }],
    ['identity.change', { purpose: 'x' }],
    ['identity.activate', { revision: 1 }],
  ] as const)
    await assert.rejects(() => call(operation, { identity: 'parent', ...input }), { code: 'wrong_state' }, operation)
  await assert.rejects(() => call('identity.create', bot('parent')), { code: 'name_taken' })
  await assert.rejects(() => call('identity.create', { ...bot('next'), parent: 'parent' }), { code: 'wrong_state' })
})

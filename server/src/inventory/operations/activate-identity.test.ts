import assert from 'node:assert/strict'
import { APPROVAL, bot, openInventory, team } from '../../../test/inventory.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import { expireJob } from '../jobs/expire-due.ts'
import { expireIdentity } from './expire-identity.ts'

const writer = { ...bot(), classification: { ...bot().classification, blastRadius: 'write-limited' } }

onEveryEngine('what is requested is activated by an approval of exactly this revision', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  const made = await call('identity.create', writer)
  await call('identity.change', { identity: made.id, purpose: 'does something else' })
  await assert.rejects(() => call('identity.activate', { identity: made.id, revision: 1, approval: APPROVAL }), {
    code: 'stale_revision',
  })
  await assert.rejects(() => call('identity.activate', { identity: made.id, revision: 2 }), {
    code: 'approval_missing',
  })
  const active = await call('identity.activate', { identity: made.id, revision: 2, approval: APPROVAL })
  assert.deepEqual([active.state, active.approvedBy], ['active', APPROVAL])
  assert.deepEqual(inventory.spent, [
    { operation: 'inventory.identity.activate', input: { identity: made.id, revision: 2 }, need: 'one' },
  ])
  await assert.rejects(() => call('identity.activate', { identity: made.id, revision: 2, approval: APPROVAL }), {
    code: 'wrong_state',
  })
})

onEveryEngine(
  'an identity whose expiry has come is disabled and stopped by the job, and comes back with a new expiry',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    await call('team.create', team())
    const { id } = await call('identity.create', { ...bot(), expiresAt: '10d' })
    await call('identity.create', bot('later'))
    const automation = { ...adminCaller, actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } } as const
    const job = expireJob({
      db: room.database.reader,
      expire: expireIdentity(inventory.ports),
      call: (operation, input) => room.call(operation, input, automation),
    })
    await job.run(room.clock.now())
    assert.equal((await call('identity.show', { identity: id })).state, 'active')
    room.clock.advance(10 * 86_400_000)
    await job.run(room.clock.now())
    await job.run(room.clock.now())
    const expired = await call('identity.show', { identity: id })
    assert.equal(expired.state, 'disabled')
    assert.match(expired.stateReason, /expiry/)
    assert.equal(inventory.stops.length, 1)
    assert.equal((await call('identity.show', { identity: 'later' })).state, 'active')
    assert.equal((await room.events()).filter((each) => each.kind === 'inventory.identity.expire').length, 1)
    await assert.rejects(() => call('identity.activate', { identity: id, revision: 1 }), { code: 'identity_expired' })
    await call('identity.change', { identity: id, expiresAt: '90d' })
    assert.equal((await call('identity.activate', { identity: id, revision: 2 })).state, 'active')
    assert.deepEqual(inventory.stops.at(-1), { lifted: `identity:${id}` })
  },
)

onEveryEngine('nobody but the server itself ends an identity for its expiry, and not before it', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  await call('identity.create', bot())
  await assert.rejects(() => call('identity.expire', { identity: 'orders-sync' }), { code: 'wrong_principal_type' })
  const automation = { ...adminCaller, actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } } as const
  await assert.rejects(() => call('identity.expire', { identity: 'orders-sync' }, automation), { code: 'wrong_state' })
})

onEveryEngine('an identity that cannot be expired is told, and keeps none of the others alive', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  const stuck = await call('identity.create', { ...bot('stuck'), expiresAt: '9d' })
  const { id } = await call('identity.create', { ...bot(), expiresAt: '10d' })
  const automation = { ...adminCaller, actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } } as const
  const job = (fails: Error) =>
    expireJob({
      db: room.database.reader,
      expire: expireIdentity(inventory.ports),
      call: async (operation, input) => {
        if (JSON.stringify(input).includes(stuck.id)) throw fails
        return room.call(operation, input, automation)
      },
    })
  room.clock.advance(10 * 86_400_000)
  await assert.rejects(job(new Error('ECONNREFUSED')).run(room.clock.now()), /ECONNREFUSED/)
  assert.equal((await call('identity.show', { identity: id })).state, 'active')
  await assert.rejects(job(new Error('no')).run(room.clock.now()), /^Error: 1 identities could not be expired$/)
  assert.equal((await call('identity.show', { identity: id })).state, 'disabled')
})

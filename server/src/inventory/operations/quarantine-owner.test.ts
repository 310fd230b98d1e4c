import assert from 'node:assert/strict'
import { bot, openInventory, team } from '../../../test/inventory.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import { findSubject } from '../find-subject.ts'

onEveryEngine(
  'quarantining an owner stops all its identities at once, and a release gives each its own state back',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    const { id } = await call('team.create', team())
    await call('identity.create', bot('one'))
    await call('identity.create', bot('two'))
    await call('identity.quarantine', { identity: 'two', reason: 'odd hours' })
    const dry = await call('owner.quarantine', { owner: 'payments', reason: 'drill', dryRun: true })
    assert.deepEqual([dry.after, dry.seq, dry.impact.identities.length, inventory.stops.length], ['active', null, 2, 1])
    const stopped = await call('owner.quarantine', { owner: 'payments', reason: 'laptop stolen' })
    assert.deepEqual([stopped.before, stopped.after, stopped.seq], ['active', 'quarantined', 2])
    const one = await findSubject(room.database.reader, 'one')
    assert.deepEqual([one?.state, one?.owner.isActive], ['quarantined', false])
    assert.equal((await call('identity.show', { identity: 'one' })).owner.state, 'quarantined')
    await assert.rejects(() => call('owner.quarantine', { owner: id, reason: 'again' }), { code: 'wrong_state' })
    await call('owner.release', { owner: id, reason: 'found' })
    assert.deepEqual(inventory.stops.at(-1), { lifted: `owner:${id}` })
    assert.equal((await findSubject(room.database.reader, 'one'))?.state, 'active')
    assert.equal((await findSubject(room.database.reader, 'two'))?.state, 'quarantined')
    await assert.rejects(() => call('owner.release', { owner: id, reason: 'again' }), { code: 'wrong_state' })
  },
)

onEveryEngine('a team does not end the quarantine that somebody else placed on it', async (room, t) => {
  const { call } = openInventory(room)
  const { id } = await call('team.create', team())
  await call('identity.create', bot('one'))
  const holder = (name: string, role: 'owner' | 'approver' | 'admin', of: string | null) => ({
    ...adminCaller,
    actor: { ...adminCaller.actor, id: name, name },
    roles: [{ role, team: of }],
  })
  const owner = holder('per_owner', 'owner', id)
  const outsiders = [owner, holder('per_a', 'admin', id), holder('per_b', 'approver', id)]
  const insiders = [holder('per_sec', 'approver', null), holder('per_adm', 'admin', null)]
  for (const [noun, input] of [
    ['owner', { owner: 'payments', reason: 'x' }],
    ['identity', { identity: 'one', reason: 'x' }],
  ] as const)
    await t.test(`neither of the ${noun}`, async () => {
      const isStopped = { code: 'release_not_yours' }
      for (const insider of insiders) {
        await call(`${noun}.quarantine`, input)
        for (const outsider of outsiders)
          await assert.rejects(() => call(`${noun}.release`, input, outsider), isStopped)
        await call(`${noun}.release`, input, insider)
      }
      await call(`${noun}.quarantine`, input, owner)
      await call(`${noun}.release`, input, owner)
    })
  await t.test('nor by stopping it once more', async () => {
    for (const [first, second] of [
      [adminCaller, owner],
      [owner, adminCaller],
    ] as const) {
      await call('identity.quarantine', { identity: 'one', reason: 'x' }, first)
      await call('identity.quarantine', { identity: 'one', reason: 'x' }, second)
      const again = () => call('identity.release', { identity: 'one', reason: 'x' }, owner)
      await assert.rejects(again, { code: 'release_not_yours' })
      await call('identity.release', { identity: 'one', reason: 'x' })
    }
  })
})

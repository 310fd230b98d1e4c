import assert from 'node:assert/strict'
import { bot, openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
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
    assert.equal((await findSubject(room.database.reader, 'one'))?.state, 'quarantined')
    assert.equal((await call('identity.show', { identity: 'one' })).owner.state, 'quarantined')
    await assert.rejects(() => call('owner.quarantine', { owner: id, reason: 'again' }), { code: 'wrong_state' })
    await call('owner.release', { owner: id, reason: 'found' })
    assert.deepEqual(inventory.stops.at(-1), { lifted: `owner:${id}` })
    assert.equal((await findSubject(room.database.reader, 'one'))?.state, 'active')
    assert.equal((await findSubject(room.database.reader, 'two'))?.state, 'quarantined')
    await assert.rejects(() => call('owner.release', { owner: id, reason: 'again' }), { code: 'wrong_state' })
  },
)

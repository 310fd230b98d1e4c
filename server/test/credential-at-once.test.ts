import assert from 'node:assert/strict'
import { declaredBot, declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const CHANGE_RESOURCE = 'policy.resource.change'
const ROUNDS = 12

onEveryEngine(
  'a credential that is added while the tier rises is refused at the new tier, or told of when it rose',
  async (room) => {
    const plugged = await openPlugged(room)
    const { admin, ownerA, security, otherSecurity } = await peopleOf(room, plugged)
    const { call, ask } = plugged
    for (let round = 0; round < ROUNDS; round++) {
      const name = `bot-${round}`
      const declared = declaredResource(name)
      await call('policy.resource.create', declared, admin)
      await call('inventory.identity.create', declaredBot(name), ownerA)
      const reading = { identity: name, resource: name, actions: [`${name}.read`], expiresAt: '30d' }
      await call('policy.grant.create', reading, ownerA)
      const [, write, purge] = declared.actions
      const actions = [{ name: `${name}.read`, effect: 'write' }, write, purge]
      const raise = { resource: name, sensitivity: 'regulated', isCustomerFacing: true, actions }
      const { id } = await ask(CHANGE_RESOURCE, raise, admin)
      for (const by of [security, otherSecurity]) await call('lifecycle.approval.approve', { approval: id }, by)
      const [raised, added] = await Promise.allSettled([
        call(CHANGE_RESOURCE, { ...raise, approval: id }, admin),
        call('broker.credential.add', { identity: name, kind: 'client-secret' }, ownerA),
      ])
      assert.equal(raised.status, 'fulfilled', String(raised.status === 'rejected' && raised.reason))
      if (added.status === 'rejected') assert.equal(added.reason.code, 'credential_kind_refused')
      else assert.match(JSON.stringify(raised.value.regraded), new RegExp(added.value.credential.id), name)
    }
  },
)

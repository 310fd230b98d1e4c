import assert from 'node:assert/strict'
import { declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const CHANGE = 'policy.set.change'
const APPROVE = 'lifecycle.approval.approve'

onEveryEngine(
  'a forbid about a resource ends when security and the owner of the resource approved it, not by security alone',
  async (room) => {
    const plugged = await openPlugged(room)
    const { admin, ownerA, security } = await peopleOf(room, plugged)
    const { call, ask } = plugged
    await call('policy.resource.create', declaredResource('orders', { owner: 'team-a' }), admin)
    const text = 'forbid (principal, action, resource == Reeve::Resource::"orders");'
    await call(CHANGE, { put: [{ name: 'stop', file: 'stop.cedar', text }] }, admin)
    const ending = { remove: ['stop'] }
    const { id } = await ask(CHANGE, ending, admin)
    await call(APPROVE, { approval: id }, security)
    await assert.rejects(call(CHANGE, { ...ending, approval: id }, admin))
    await call(APPROVE, { approval: id }, ownerA)
    await call(CHANGE, { ...ending, approval: id }, admin)
  },
)

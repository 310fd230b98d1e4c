import assert from 'node:assert/strict'
import { openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const CHANGE = 'policy.set.change'
const APPROVE = 'Reeve::Action::"lifecycle.approval.approve"'
const put = (text: string) => ({ put: [{ name: 'locks', file: 'policies/locks.cedar', text: `@id("locks") ${text}` }] })

onEveryEngine(
  'one admin alone keeps no approver from approving by a policy, and two keep not all of them',
  async (room) => {
    const plugged = await openPlugged(room)
    const { admin, security } = await peopleOf(room, plugged)
    const { call } = plugged
    const all = put(`forbid (principal is Reeve::Person, action == ${APPROVE}, resource);`)
    await assert.rejects(call(CHANGE, all, admin), { code: 'policy_locks_out' })
    const asked = { operation: CHANGE, input: all, reason: 'a test asks' }
    await assert.rejects(call('lifecycle.approval.request', asked, admin), { code: 'policy_locks_out' })
    const late = put(
      `forbid (principal, action == ${APPROVE}, resource) when { context.now > datetime("2200-01-01") };`,
    )
    await assert.rejects(call(CHANGE, late, admin), { code: 'approval_required' })
    const request = { operation: CHANGE, input: late, reason: 'a test asks' }
    const { id, need } = await call('lifecycle.approval.request', request, admin)
    assert.equal(need, 'approver-or-admin')
    await assert.rejects(call('lifecycle.approval.approve', { approval: id }, admin), { code: 'approver_is_requester' })
    assert.equal((await call('lifecycle.approval.approve', { approval: id }, security)).state, 'approved')
    await call(CHANGE, { ...late, approval: id }, admin)
  },
)

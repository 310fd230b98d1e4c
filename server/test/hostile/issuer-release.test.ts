import assert from 'node:assert/strict'
import type { AnyTx } from '../../src/kit/database.ts'
import { beginFourEyes, holdFourEyes } from '../../src/lifecycle/store-four-eyes.ts'
import { openPlugged, peopleOf } from '../plugged.ts'
import { onEveryEngine } from '../room.ts'

onEveryEngine('nobody lets go alone of all that an issuer signed, and the approval is of that issuer', async (room) => {
  const plugged = await openPlugged(room)
  const { admin, security, ownerA, approverA } = await peopleOf(room, plugged)
  const { call, ask, approved } = plugged
  await room.database.write(async (tx: AnyTx) => {
    await holdFourEyes(tx)
    await beginFourEyes(tx, room.clock.now())
  })
  const NAME = 'broker.issuer.release'
  const target = { issuer: 'https://reeve.example', reason: 'it was not the one' }
  await call('broker.issuer.quarantine', target, admin)
  room.clock.advance(60 * 60_000)
  await assert.rejects(call(NAME, target, admin), { code: 'approval_required' })
  await assert.rejects(call(NAME, target, security), { code: 'approval_required' })
  // Asking for it releases nothing, and neither oneself nor who decides for a team approves it.
  const { id } = await ask(NAME, target, admin)
  for (const [person, code] of [
    [admin, 'approver_is_requester'],
    [approverA, 'not_found'],
    [ownerA, 'not_found'],
  ] as const)
    await assert.rejects(call('lifecycle.approval.approve', { approval: id }, person), { code })
  await assert.rejects(call(NAME, { ...target, approval: id }, admin), { code: 'approval_required' })
  await call('lifecycle.approval.approve', { approval: id }, security)
  const other = { ...target, reason: 'another reason', approval: id }
  await assert.rejects(call(NAME, other, admin), { code: 'approval_mismatch' })
  await call(NAME, { ...target, approval: id }, admin)
  await assert.rejects(call(NAME, { ...target, approval: id }, admin), { code: 'stop_not_found' })
  // Of the next quarantine nobody gains by the old word.
  await call('broker.issuer.quarantine', target, admin)
  room.clock.advance(60 * 60_000)
  await assert.rejects(call(NAME, { ...target, approval: id }, admin), { code: 'approval_used' })
  // Nor by one that was approved for it and never used.
  const spare = await ask(NAME, target, admin)
  await call('lifecycle.approval.approve', { approval: spare.id }, security)
  await approved(NAME, target, admin, [security])
  await call('broker.issuer.quarantine', target, admin)
  room.clock.advance(60 * 60_000)
  await assert.rejects(call(NAME, { ...target, approval: spare.id }, admin), { code: 'approval_outgrown' })
})

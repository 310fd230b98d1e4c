import assert from 'node:assert/strict'
import { declaredBot, declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const grant = (identity: string, on: string) => ({ identity, resource: on, actions: [`${on}.purge`], expiresAt: '30d' })

onEveryEngine('whoever is to approve a plan reads what it would do, each team its own part', async (room) => {
  const plugged = await openPlugged(room)
  const { admin, security, approverA, ownerB, approverB } = await peopleOf(room, plugged)
  const { call, ask } = plugged
  const directory = {
    directory: 'shop',
    resources: [declaredResource('orders', { owner: 'team-a' })],
    identities: [
      declaredBot('reader', {
        classification: { functions: ['operate'], boundary: 'internal', blastRadius: 'privileged' },
      }),
    ],
    grants: [grant('reader', 'orders')],
    policies: [
      {
        name: 'p',
        file: 'p.cedar',
        text: 'forbid (principal, action == Reeve::Action::"orders.purge", resource) when { context has sourceRegion && context.sourceRegion == "XX" };',
      },
    ],
  }
  const { plan } = await call('policy.access.plan', directory, admin)
  const { input } = await ask('policy.access.apply', { plan }, admin)
  assert.equal(input.plan, plan, 'what is approved names the plan')

  const whole = await call('policy.plan.show', { plan }, security)
  const kinds = (shown: { objects: { type: string; name: string }[] }) =>
    shown.objects.map(({ type, name }) => `${type} ${name}`).sort()
  assert.deepEqual(kinds(whole), ['grant reader orders', 'identity reader', 'policy p', 'resource orders'])
  assert.deepEqual([whole.hidden, whole.directory, whole.needsApproval.length > 0], [0, 'shop', true])
  const access = await call('policy.access.compare', { plan }, security)
  assert.ok(access.callouts.some(({ kind }: { kind: string }) => kind === 'privileged'))

  const part = await call('policy.plan.show', { plan }, approverA)
  assert.deepEqual([kinds(part), part.hidden], [['grant reader orders', 'identity reader', 'resource orders'], 1])
  assert.deepEqual((await call('policy.access.compare', { plan }, approverA)).changes, access.changes)
  for (const other of [ownerB, approverB])
    for (const name of ['policy.plan.show', 'policy.access.compare'])
      for (const asked of [plan, 'pln_none'])
        await assert.rejects(call(name, { plan: asked }, other), { code: 'not_found' }, `${name} ${asked}`)
  await assert.rejects(call('policy.plan.show', { plan: 'pln_none' }, admin), { code: 'plan_not_found' })
})

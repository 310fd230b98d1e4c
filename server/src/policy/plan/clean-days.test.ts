import assert from 'node:assert/strict'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { resourceInput } from '../../../test/fakes/resources.ts'
import { recordTokens } from '../../../test/recorded-tokens.ts'
import { onEveryEngine } from '../../../test/room.ts'

onEveryEngine('a plan says of what is report-only when it last would have refused, by its name', async (room) => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync' })
  for (const name of ['orders', 'stock']) {
    await policy.call('policy.resource.create', resourceInput(name))
    const wanted = { kind: 'resource', target: name, reason: 'a trial', expiresAt: '14d' }
    const approval = policy.approvals.give(`apr_${name}`, 'policy.mode.change', wanted)
    await policy.call('policy.mode.change', { ...wanted, approval })
  }
  const ask = (name: string) => ({
    subject: { id: 'nhi_sync', environment: 'production', workflow: null },
    resource: { id: policy.memory.resource(name)?.id ?? '' },
    actions: [`${name}.read`],
    credential: { kind: 'private_key_jwt' },
    instance: null,
    sourceIp: null,
    now: room.clock.now(),
  })
  const since = room.clock.now().toISOString()
  room.clock.advance(60_000)
  const refusedAt = room.clock.now().toISOString()
  const [asked] = await recordTokens(room, policy.memory, [ask('orders')])
  assert.deepEqual([asked?.verdict.isAllowed, asked?.verdict.decision.outcome], [true, 'deny'])
  room.clock.advance(60_000)
  const { plan } = await policy.call('policy.access.plan', { directory: 'shop' })
  const { reportOnly } = await policy.call('policy.access.replay', { plan })
  const told = reportOnly.map(({ kind, name, since: from, lastRefusalAt }: Record<string, unknown>) => [
    kind,
    name,
    from,
    lastRefusalAt,
  ])
  assert.deepEqual(told.toSorted(), [
    ['resource', 'orders', since, refusedAt],
    ['resource', 'stock', since, null],
  ])
})

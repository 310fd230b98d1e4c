import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'

const RESOURCE = {
  name: 'orders',
  uri: 'https://orders.example/',
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.export', effect: 'read' },
  ],
}
const TEXT = {
  name: 'orders',
  file: 'policies/orders.cedar',
  text: '@id("export-needs-ticket")\npermit (principal, action == Reeve::Action::"orders.export", resource)\nwhen { principal.hasTag("export_ticket") };',
}
const GRANT = { identity: 'sync', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
const DIRECTORY = { directory: 'shop', resources: [RESOURCE], grants: [GRANT], policies: [TEXT] }

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  policy.identities.put({ id: 'nhi_sync', name: 'sync' })
  return policy
}

const told = (done: { objects: readonly { type: string; name: string; verb: string; cause?: string | null }[] }) =>
  done.objects
    .filter(({ verb }) => verb !== 'unchanged')
    .map(({ type, name, verb, cause }) => [type, name, verb, cause])

onEveryEngine('a plan says what would be done, where it stands, and changes nothing', async (room) => {
  const policy = await open(room)
  const origins = { resources: ['resources/orders.yaml:1'], policies: ['policies/orders.cedar'] }
  const plan = await policy.call('policy.access.plan', { ...DIRECTORY, origins })
  assert.deepEqual(told(plan), [
    ['resource', 'orders', 'created', 'directory'],
    ['grant', 'sync orders', 'created', 'directory'],
    ['policy', 'orders', 'created', 'directory'],
  ])
  assert.deepEqual(
    plan.objects.map(({ place }: { place: string | null }) => place),
    ['resources/orders.yaml:1', null, 'policies/orders.cedar'],
  )
  assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
  const done = await policy.call('policy.access.apply', { plan: plan.plan })
  assert.deepEqual(
    done.objects.map(({ type, id, verb }: { type: string; id: string; verb: string }) => [type, id, verb]),
    plan.objects.map(({ type, id, verb }: { type: string; id: string; verb: string }) => [type, id, verb]),
    'what is applied has the very ids of the plan',
  )
  assert.deepEqual([done.revision, policy.memory.base().revision], [plan.revision.after, plan.revision.after])
  const event = (await room.events()).at(-1)
  assert.equal(event?.evidence.plan, plan.plan)
  const kept = await room.database.reader
    .selectFrom('ledger_kept')
    .select('body')
    .where('digest', '=', event?.evidence.policyDiff)
    .executeTakeFirstOrThrow()
  assert.match(
    String(kept.body),
    /export-needs-ticket/,
    'the diff is kept beside the log under the digest in the event',
  )
})

const MEANWHILE: Readonly<Record<string, (policy: PolicyBench, at: number) => Promise<RegExp>>> = {
  'a grant appeared': async (policy, at) => {
    await policy.call('policy.grant.create', { ...GRANT, name: `by-hand-${at}`, expiresAt: '1d' })
    return new RegExp(`by-hand-${at} of nhi_sync appeared`)
  },
  'a policy appeared': async (policy, at) => {
    const text = `@id("p-${at}")\nforbid (principal, action == Reeve::Action::"orders.export", resource);`
    await policy.call('policy.set.change', { put: [{ name: `p-${at}`, file: `p-${at}.cedar`, text }] })
    return new RegExp(`policy p-${at} appeared`)
  },
  'a bundle was changed': async (policy, at) => {
    await policy.call('policy.bundle.change', { bundle: 'reader', purpose: `reads, since ${at}` })
    return /bundle reader changed/
  },
  'a grant is gone': async (policy, at) => {
    const { items } = await policy.call('policy.grant.list', { identity: 'sync' })
    const one = items.find(({ name }: { name: string }) => name.startsWith('by-hand'))
    await policy.call('policy.grant.revoke', { grant: one.id, reason: `no longer ${at}` })
    return /of nhi_sync is gone/
  },
  'an identity was changed': async (policy, at) => {
    policy.identities.put({ id: 'nhi_sync', name: 'sync', tags: { at: String(at) } })
    return /identity sync changed/
  },
}

onEveryEngine(
  'a stale plan is refused with what changed meanwhile, 100 of 100, and nothing is applied',
  async (room) => {
    const policy = await open(room)
    await policy.call('policy.access.apply', DIRECTORY)
    const matrix = [{ resource: 'orders', actions: ['orders.read'] }]
    await policy.call('policy.bundle.create', { name: 'reader', purpose: 'reads', matrix })
    let refused = 0
    const ways = Object.values(MEANWHILE)
    for (let at = 0; at < 100; at++) {
      const plan = await policy.call('policy.access.plan', {
        ...DIRECTORY,
        policies: [{ ...TEXT, text: `// ${at}\n${TEXT.text}` }],
      })
      const change = ways[at % ways.length]
      const expected = await change?.(policy, at)
      await assert.rejects(policy.call('policy.access.apply', { plan: plan.plan }), (fault: unknown) => {
        assert.ok(fault instanceof Error)
        assert.deepEqual([Reflect.get(fault, 'code'), Reflect.get(fault, 'kind')], ['plan_stale', 'conflict'])
        assert.match(JSON.stringify(Reflect.get(fault, 'extras')), expected ?? /never/)
        return true
      })
      refused++
    }
    assert.equal(refused, 100)
    assert.equal(policy.memory.base().stored.texts.find(({ name }) => name === 'orders')?.text, TEXT.text)
  },
)

onEveryEngine('a plan is applied once, not after it expired, and not together with a directory', async (room) => {
  const policy = await open(room)
  const { plan } = await policy.call('policy.access.plan', DIRECTORY)
  await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, plan }), { code: 'apply_name' })
  await policy.call('policy.access.apply', { plan })
  await assert.rejects(policy.call('policy.access.apply', { plan }), { code: 'plan_stale' })
  const later = await policy.call('policy.access.plan', { ...DIRECTORY, policies: [] })
  room.clock.advance(7 * 86_400_000)
  await assert.rejects(policy.call('policy.access.apply', { plan: later.plan }), { code: 'plan_not_found' })
})

onEveryEngine('what was changed outside is told apart from what the directory changes', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  await policy.call('policy.resource.change', { resource: 'orders', sensitivity: 'confidential' })
  const { items } = await policy.call('policy.grant.list', { identity: 'sync' })
  await policy.call('policy.grant.revoke', { grant: items[0].id, reason: 'by hand' })
  const drift = await policy.call('policy.access.plan', DIRECTORY)
  assert.deepEqual(told(drift), [
    ['resource', 'orders', 'changed', 'outside'],
    ['grant', 'sync orders', 'created', 'outside'],
  ])
  const both = await policy.call('policy.access.plan', { ...DIRECTORY, policies: [] })
  assert.deepEqual(told(both).at(-1), ['policy', 'orders', 'removed', 'directory'])
})

import assert from 'node:assert/strict'
import { rounds } from '../../../../test/rounds.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'

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
  assert.deepEqual(plan.systemOwned, [{ type: 'resource', count: 1, what: ['keys that sign its tokens'] }])
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

// C6 of the trust bars.
const STALE = rounds({ quick: 20, full: 100 })
// A changed text is checked by the official engine, which takes longer than all the rest of a plan. Prime to the number
// of ways, so that each of them meets plans of both kinds.
const TEXT_EVERY = 3
const withText = (at: number) => ({ ...DIRECTORY, policies: [{ ...TEXT, text: `// ${at}\n${TEXT.text}` }] })
const withPurpose = (at: number) => ({
  ...DIRECTORY,
  bundles: [
    { name: 'planned', purpose: `reads, by ${at}`, matrix: [{ resource: 'orders', actions: ['orders.read'] }] },
  ],
})

onEveryEngine(
  `a stale plan is refused with what changed meanwhile, ${STALE} of ${STALE}, and nothing is applied`,
  async (room) => {
    const policy = await open(room)
    await policy.call('policy.access.apply', DIRECTORY)
    const matrix = [{ resource: 'orders', actions: ['orders.read'] }]
    await policy.call('policy.bundle.create', { name: 'reader', purpose: 'reads', matrix })
    let refused = 0
    const ways = Object.values(MEANWHILE)
    for (let at = 0; at < STALE; at++) {
      const plan = await policy.call('policy.access.plan', at % TEXT_EVERY === 0 ? withText(at) : withPurpose(at))
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
    assert.equal(refused, STALE)
    const { texts, bundles } = policy.memory.base().stored
    assert.equal(texts.find(({ name }) => name === 'orders')?.text, TEXT.text)
    assert.ok(bundles.every(({ name }) => name !== 'planned'))
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
  await policy.call('policy.resource.change', { resource: 'orders', isCustomerFacing: true })
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

onEveryEngine(
  'a plan is stale once an exception is given or ends that changes what it would do, and by no other',
  async (room) => {
    const policy = await open(room)
    policy.identities.put({ id: 'nhi_tester', name: 'tester', environment: 'test' })
    policy.identities.put({ id: 'nhi_child', name: 'child', parent: 'nhi_tester', environment: 'test' })
    const until = new Date(room.clock.now().getTime() + 86_400_000)
    await policy.call('policy.access.apply', { ...DIRECTORY, policies: [] })
    const { id: orders } = await policy.call('policy.resource.show', { resource: 'orders' })
    const subject = isolationSubject('nhi_tester', orders)
    const allow = (about: string) => policy.exceptions.allow(ISOLATION, about, until)
    // The one who reaches it under an exception is granted something of it, and would be permitted more by the policy.
    allow(subject)
    allow(isolationSubject('nhi_child', orders))
    for (const identity of ['tester', 'child'])
      await policy.call('policy.grant.create', { ...GRANT, identity, expiresAt: '1d' })
    const text = {
      ...TEXT,
      text: '@id("export") permit (principal, action == Reeve::Action::"orders.export", resource);',
    }
    const planned = async () => (await policy.call('policy.access.plan', { ...DIRECTORY, policies: [text] })).plan
    const refused = (plan: string, said: RegExp) =>
      assert.rejects(policy.call('policy.access.apply', { plan }), (fault: unknown) => {
        assert.equal(Reflect.get(Object(fault), 'code'), 'plan_stale')
        assert.match(JSON.stringify(Reflect.get(Object(fault), 'extras')), said)
        return true
      })
    let plan = await planned()
    policy.exceptions.end(ISOLATION, subject)
    await refused(plan, /an exception ended, and the plan would not change orders\.export on orders for tester/)
    // Whoever it spawned does no more than it may.
    await refused(plan, /an exception ended, and the plan would not change orders\.export on orders for child/)
    plan = await planned()
    allow(subject)
    await refused(plan, /an exception was given, and the plan would change orders\.export on orders for tester/)
    plan = await planned()
    // Nothing is granted there, and an exception alone gives nothing.
    policy.identities.put({ id: 'nhi_idle', name: 'idle', environment: 'test' })
    allow(isolationSubject('nhi_idle', orders))
    await policy.call('policy.access.apply', { plan })
  },
)

onEveryEngine(
  'a plan is stale for whoever came, or changed, and whom it would now give something else',
  async (room) => {
    const policy = await open(room)
    await policy.call('policy.access.apply', { ...DIRECTORY, policies: [] })
    const planned = async () => (await policy.call('policy.access.plan', DIRECTORY)).plan
    const refused = (plan: string, said: RegExp) =>
      assert.rejects(policy.call('policy.access.apply', { plan }), (fault: unknown) => {
        assert.equal(Reflect.get(Object(fault), 'code'), 'plan_stale')
        assert.match(JSON.stringify(Reflect.get(Object(fault), 'extras')), said)
        return true
      })
    let plan = await planned()
    policy.identities.put({ id: 'nhi_tagged', name: 'tagged', tags: { export_ticket: 'OPS-1' } })
    await refused(plan, /identity tagged appeared, and the plan would change whether it may orders\.export on orders/)
    plan = await planned()
    // It was shown to gain something, and would not: less than was shown is not what was shown.
    policy.identities.put({ id: 'nhi_tagged', name: 'tagged', tags: {} })
    await refused(plan, /identity tagged changed, and the plan changes policies that may speak of it/)
    plan = await planned()
    policy.identities.put({ id: 'nhi_harmless', name: 'harmless' })
    await policy.call('policy.access.apply', { plan })
  },
)

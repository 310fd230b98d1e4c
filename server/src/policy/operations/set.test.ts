import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import { createTokenDecider } from '../decide/decide-token.ts'
import { endOverdueGrants } from '../jobs/end-overdue-grants.ts'

const DAY_MS = 86_400_000

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  await policy.call('policy.resource.create', {
    name: 'orders',
    uri: 'https://orders.example/',
    environment: 'production',
    sensitivity: 'internal',
    actions: [
      { name: 'orders.read', effect: 'read' },
      { name: 'orders.purge', effect: 'privileged' },
    ],
  })
  return policy
}
const text = (body: string, name = 'own') => ({ name, file: `policies/${name}.cedar`, text: body })
const GOOD = '@id("own-rule")\nforbid (principal, action == Reeve::Action::"orders.read", resource);'

onEveryEngine(
  'a valid set serves from the commit on, under a new revision; the same again changes nothing',
  async (room) => {
    const policy = await open(room)
    const before = policy.memory.base().revision
    const done = await policy.call('policy.set.change', { put: [text(GOOD)] })
    assert.deepEqual(done.policies, [{ name: 'own', verb: 'created' }])
    assert.equal(policy.memory.base().revision, done.revision)
    assert.notEqual(done.revision, before)
    assert.deepEqual(policy.memory.enforced().get('own-rule')?.origin, { file: 'policies/own.cedar', line: 1 })
    const again = await policy.call('policy.set.change', { put: [text(GOOD)] })
    assert.deepEqual(again, { revision: done.revision, policies: [{ name: 'own', verb: 'unchanged' }] })
    assert.equal((await policy.call('policy.set.show', { name: 'own' })).text, GOOD)
    const listed = await policy.call('policy.set.list', {})
    assert.deepEqual(
      [listed.items.length, listed.storedRevision, listed.servingRevision],
      [1, done.revision, done.revision],
    )
    const ending = { put: [], remove: ['own'] }
    const approval = policy.approvals.give('apr_1', 'policy.set.change', ending)
    const removed = await policy.call('policy.set.change', { ...ending, approval })
    assert.deepEqual([removed.policies[0].verb, removed.revision], ['removed', before])
    await assert.rejects(policy.call('policy.set.change', { remove: ['own'] }), { code: 'policy_not_found' })
    await assert.rejects(policy.call('policy.set.show', { name: 'own' }), { code: 'policy_not_found' })
  },
)

onEveryEngine('a set that is not valid is refused with file and line, and nothing of it is stored', async (room) => {
  const policy = await open(room)
  const before = policy.memory.base().revision
  const bad = text(`// why\n\n\npermit (principal, action == Reeve::Action::"orders.burn", resource);`)
  await assert.rejects(policy.call('policy.set.change', { put: [text(GOOD, 'fine'), bad] }), (fault: unknown) => {
    assert.ok(fault instanceof Error)
    assert.match(JSON.stringify(Reflect.get(fault, 'extras')), /policies\/own\.cedar:\d+: /)
    return Reflect.get(fault, 'code') === 'policy_invalid'
  })
  assert.equal(policy.memory.base().revision, before)
  assert.equal((await policy.call('policy.set.list', {})).items.length, 0)
})

onEveryEngine('checking says all that is wrong and stores nothing', async (room) => {
  const policy = await open(room)
  assert.deepEqual(await policy.call('policy.set.check', { policies: [text(GOOD)] }), { isValid: true, problems: [] })
  const found = await policy.call('policy.set.check', {
    policies: [text('forbid (principal, action, resource) when { resource.color == 1 };'), text('permit', 'cut')],
  })
  assert.equal(found.isValid, false)
  assert.deepEqual(new Set(found.problems.map(({ file }: { file: string }) => file)), new Set(['policies/cut.cedar']))
  const typed = await policy.call('policy.set.check', {
    policies: [text('forbid (principal, action, resource) when { resource.color == 1 };')],
  })
  assert.deepEqual([typed.problems[0].file, typed.problems[0].line], ['policies/own.cedar', 1])
  assert.equal((await policy.call('policy.set.list', {})).items.length, 0)
})

onEveryEngine('a text cannot take the id of a grant or of a built-in rule, nor use an id twice', async (room) => {
  const policy = await open(room)
  for (const id of ['grt_1', 'reeve:admin', 'pol_1'])
    await assert.rejects(
      policy.call('policy.set.change', { put: [text(`@id("${id}")\nforbid (principal, action, resource);`)] }),
      { code: 'policy_invalid' },
    )
  await assert.rejects(policy.call('policy.set.change', { put: [text(GOOD), text(GOOD, 'other')] }), {
    code: 'policy_invalid',
  })
})

onEveryEngine(
  'a permit of every action, or of a privileged one, needs an approval; a narrow one and a forbid do not',
  async (room) => {
    const policy = await open(room)
    const put = (body: string) => policy.call('policy.set.change', { put: [text(body)] })
    for (const body of [
      'permit (principal, action, resource);',
      'permit (principal is Reeve::Identity, action, resource) when { principal.name == "x" };',
      'permit (principal, action == Reeve::Action::"orders.purge", resource);',
      'permit (principal, action in Reeve::Action::"access:admin", resource in Reeve::Resource::"orders");',
      'permit (principal == Reeve::Identity::"nhi_1", action in [Reeve::Action::"orders.read", Reeve::Action::"orders.purge"], resource);',
    ])
      await assert.rejects(put(body), { code: 'approval_missing' }, body)
    for (const body of [
      'permit (principal, action == Reeve::Action::"orders.read", resource);',
      'permit (principal is Reeve::Person, action == Reeve::Action::"policy.grant.list", resource);',
      'permit (principal is Reeve::Person, action in Reeve::Action::"access:read", resource);',
      'permit (principal, action == Reeve::Action::"orders.purge", resource == Reeve::Resource::"other");',
      'forbid (principal is Reeve::Identity, action, resource);',
    ])
      await put(body)
    const wanted = { put: [text('permit (principal, action, resource);')], remove: [] }
    policy.approvals.give('apr_1', 'policy.set.change', wanted)
    await policy.call('policy.set.change', { ...wanted, approval: 'apr_1' })
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
  },
)

onEveryEngine(
  'a permit of what writes, or of what is sensitive, needs the approval that a grant of it would',
  async (room) => {
    const policy = await open(room)
    const actions = [
      { name: 'vault.list', effect: 'read' },
      { name: 'vault.put', effect: 'write' },
    ]
    const { name, uri, environment } = { name: 'vault', uri: 'https://vault.example/', environment: 'production' }
    await policy.call('policy.resource.create', { name, uri, environment, sensitivity: 'regulated', actions })
    const put = (body: string) => policy.call('policy.set.change', { put: [text(body)] })
    for (const body of [
      'permit (principal, action == Reeve::Action::"vault.put", resource);',
      'permit (principal in Reeve::Team::"payments", action == Reeve::Action::"vault.put", resource) when { false };',
      'permit (principal == Reeve::Identity::"nhi_1", action == Reeve::Action::"vault.list", resource in Reeve::Resource::"vault");',
      'permit (principal is Reeve::Identity, action in Reeve::Action::"access:read", resource is Reeve::Resource);',
    ])
      await assert.rejects(put(body), { code: 'approval_missing' }, body)
    await put('permit (principal, action in Reeve::Action::"access:read", resource in Reeve::Resource::"orders");')
  },
)

onEveryEngine(
  'an action is not read on one resource and more on another, in whatever order they come',
  async (room) => {
    const policy = await open(room)
    const toy = (effect: string) => ({
      name: 'toy',
      uri: 'https://toy.example/',
      environment: 'production',
      sensitivity: 'public',
      actions: [{ name: 'orders.purge', effect }],
    })
    await assert.rejects(policy.call('policy.resource.create', toy('read')), { code: 'resource_action' })
    await assert.rejects(policy.call('policy.access.apply', { resources: [toy('read')] }), { code: 'resource_action' })
    await policy.call('policy.resource.create', toy('impersonate'))
    await assert.rejects(policy.call('policy.resource.change', { resource: 'toy', actions: toy('write').actions }), {
      code: 'resource_action',
    })
  },
)

onEveryEngine(
  'a forbid does not end, change or stop to be a guardrail without an approval; added, moved or laid out anew it needs none',
  async (room) => {
    const policy = await open(room)
    const guarded = `@guardrail\n${GOOD}`
    await policy.call('policy.set.change', { put: [text(guarded)] })
    for (const change of [
      { remove: ['own'] },
      { put: [text('permit (principal, action == Reeve::Action::"orders.read", resource);')] },
      { put: [text(GOOD)] },
      { put: [text(guarded.replace('own-rule', 'other-rule'))] },
      { put: [text(guarded.replace('(principal,', '(principal == Reeve::Identity::"nhi_1",'))] },
      { put: [text(guarded.replace(';', ' unless { context.now.toTime() < duration("6h") };'))] },
      { put: [text(guarded.replace('forbid', 'permit'))] },
    ])
      await assert.rejects(
        policy.call('policy.set.change', change),
        { code: 'approval_missing' },
        JSON.stringify(change),
      )
    assert.equal((await policy.call('policy.set.show', { name: 'own' })).text, guarded)
    const another = 'forbid (principal, action == Reeve::Action::"orders.purge", resource);'
    await policy.call('policy.set.change', { put: [text(`// why\n${guarded}\n\n${another}`)] })
    await policy.call('policy.set.change', {
      put: [text(`${another}\n${guarded.replace(', resource', ',\n  resource')}`)],
    })
    await policy.call('policy.set.change', { put: [text(guarded, 'moved'), text(another, 'second')], remove: ['own'] })
  },
)

onEveryEngine(
  'a permit that hands out what writes in the control plane needs an approval, whoever it is for',
  async (room) => {
    const policy = await open(room)
    for (const body of [
      'permit (principal is Reeve::Person, action, resource);',
      'permit (principal is Reeve::Person, action, resource) when { principal.roles.contains("viewer") };',
      'permit (principal == Reeve::Person::"per_1", action in Reeve::Action::"access:admin", resource);',
      'permit (principal is Reeve::Person, action in Reeve::Action::"access:write", resource);',
      'permit (principal, action == Reeve::Action::"policy.set.change", resource);',
      'permit (principal is Reeve::Identity, action in [Reeve::Action::"orders.read", Reeve::Action::"policy.grant.create"], resource);',
      'permit (principal is Reeve::Anonymous, action == Reeve::Action::"policy.grant.create", resource);',
    ])
      await assert.rejects(policy.call('policy.set.change', { put: [text(body)] }), { code: 'approval_missing' }, body)
    assert.equal(policy.memory.base().stored.texts.length, 0)
  },
)

onEveryEngine(
  'report-only needs an approval and ends by itself, with an event; it never lets a privileged action pass',
  async (room) => {
    const policy = await open(room)
    policy.identities.put({ id: 'nhi_sync' })
    const wanted = { kind: 'identity', target: 'sync', reason: 'first import', expiresAt: '2d' }
    await assert.rejects(policy.call('policy.mode.change', wanted), { code: 'approval_missing' })
    for (const expiresAt of ['91d', '2020-01-01'])
      await assert.rejects(policy.call('policy.mode.change', { ...wanted, expiresAt }), { code: 'mode_expiry' })
    const approval = policy.approvals.give('apr_1', 'policy.mode.change', wanted)
    const made = await policy.call('policy.mode.change', { ...wanted, approval })
    assert.equal(made.expiresAt, new Date(room.clock.now().getTime() + 2 * DAY_MS).toISOString())
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
    const decide = createTokenDecider(policy.memory, systemRandom())
    const ask = async (action: string): Promise<boolean> => {
      await policy.memory.warm('nhi_sync')
      return decide({
        subject: { id: 'nhi_sync', environment: 'production' },
        resource: { id: policy.memory.resource('orders')?.id ?? '' },
        actions: [action],
        credential: { kind: 'private_key_jwt' },
        instance: null,
        sourceIp: null,
        now: room.clock.now(),
      }).isAllowed
    }
    assert.deepEqual([await ask('orders.read'), await ask('orders.purge')], [true, false])
    room.clock.advance(2 * DAY_MS)
    assert.equal(await ask('orders.read'), false, 'over before anybody swept it up')
    const { database, changes } = room
    const given = { database, changes, random: systemRandom(), ports: policy.ports, committed: () => undefined }
    await endOverdueGrants(given).run(room.clock.now())
    assert.deepEqual((await policy.call('policy.mode.list', {})).items, [])
    const ended = (await room.events()).filter(({ kind }) => kind === 'policy.mode.expire')
    assert.deepEqual(
      ended.map(({ actor, on }) => [actor.id, on?.type, on?.id, on?.name]),
      [['reeve', 'Identity', 'nhi_sync', 'sync']],
      'who owns the identity finds it in the log',
    )
  },
)

onEveryEngine('report-only is set, listed and promoted by name; a guardrail never is', async (room) => {
  const policy = await open(room)
  policy.identities.put({ id: 'nhi_sync' })
  await policy.call('policy.set.change', {
    put: [
      text(
        `${GOOD}\n@id("rail")\n@guardrail("true")\nforbid (principal, action == Reeve::Action::"orders.purge", resource);`,
      ),
    ],
  })
  const set = (kind: string, target: string) => {
    const wanted = { kind, target, reason: 'first import', expiresAt: '14d' }
    const approval = policy.approvals.give('apr_mode', 'policy.mode.change', wanted)
    return policy.call('policy.mode.change', { ...wanted, approval })
  }
  assert.equal((await set('identity', 'sync')).target, 'nhi_sync')
  await set('resource', 'orders')
  await set('policy', 'own-rule')
  assert.deepEqual(
    [policy.memory.enforced().get('own-rule'), policy.memory.trial().get('own-rule')?.id],
    [undefined, 'own-rule'],
  )
  await assert.rejects(set('policy', 'rail'), { code: 'mode_never' })
  await assert.rejects(set('policy', 'reeve:admin'), { code: 'mode_never' })
  await assert.rejects(set('policy', 'none'), { code: 'policy_not_found' })
  await assert.rejects(set('identity', 'none'), { code: 'grant_identity' })
  await assert.rejects(set('resource', 'none'), { code: 'resource_not_found' })
  const first = await policy.call('policy.mode.list', { limit: 2 })
  const rest = await policy.call('policy.mode.list', { limit: 2, cursor: first.nextCursor })
  assert.deepEqual(
    [...first.items, ...rest.items].map(({ kind, name }) => [kind, name]),
    [
      ['identity', 'sync'],
      ['policy', 'own-rule'],
      ['resource', 'orders'],
    ],
  )
  await policy.call('policy.mode.promote', { kind: 'policy', target: 'own-rule' })
  assert.equal(policy.memory.enforced().get('own-rule')?.id, 'own-rule')
  const again = { kind: 'policy', target: 'own-rule' }
  await assert.rejects(policy.call('policy.mode.promote', again), { code: 'mode_not_found' })
})

onEveryEngine('of two changes at once that are valid alone and not together, one is refused', async (room) => {
  const policy = await open(room)
  const rule = '@id("same") forbid (principal, action == Reeve::Action::"orders.read", resource);'
  const ended = await Promise.allSettled(
    ['one', 'other'].map((name) => policy.call('policy.set.change', { put: [text(rule, name)] })),
  )
  const refused = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  assert.deepEqual(refused, ['policy_invalid'])
  assert.equal((await policy.call('policy.set.list', {})).items.length, 1)
})

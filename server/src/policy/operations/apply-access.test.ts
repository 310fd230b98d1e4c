import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import { createTokenDecider } from '../decide/decide-token.ts'

const DIRECTORY = {
  directory: 'commerce',
  teams: [{ name: 'commerce', technicalContact: 'a@example', businessContact: 'b@example' }],
  identities: [
    { name: 'orders-api', kind: 'service', owner: 'commerce' },
    { name: 'orders-sync', kind: 'bot', owner: 'commerce' },
  ],
  resources: [
    {
      name: 'orders',
      uri: 'https://orders.example/',
      environment: 'production',
      sensitivity: 'internal',
      owner: 'commerce',
      servedBy: ['orders-api'],
      actions: [
        { name: 'orders.read', effect: 'read' },
        { name: 'orders.export', effect: 'read' },
        { name: 'orders.purge', effect: 'privileged' },
      ],
    },
  ],
  bundles: [{ name: 'reader', purpose: 'reads', matrix: [{ resource: 'orders', actions: ['orders.read'] }] }],
  grants: [{ identity: 'orders-sync', bundle: 'reader', expiresAt: '180d' }],
  policies: [
    {
      name: 'orders',
      file: 'policies/orders.cedar',
      text: '@id("export-needs-ticket")\npermit (principal, action == Reeve::Action::"orders.export", resource)\nwhen { principal.hasTag("export_ticket") };',
    },
  ],
}

const open = async (room: Room): Promise<PolicyBench> => openPolicy(room, { appliers: fakeAppliers })

const verbs = (done: { objects: readonly { type: string; name: string; verb: string }[] }) =>
  done.objects.map(({ type, name, verb }) => `${type} ${name} ${verb}`)

onEveryEngine('a directory becomes true in one change, and applying it again changes nothing', async (room) => {
  const policy = await open(room)
  const done = await policy.call('policy.access.apply', { ...DIRECTORY, commit: 'abc123', author: 'ada' })
  assert.deepEqual(verbs(done), [
    'team commerce created',
    'identity orders-api created',
    'identity orders-sync created',
    'resource orders created',
    'bundle reader created',
    'grant orders-sync reader created',
    'policy orders created',
  ])
  assert.equal(policy.memory.base().revision, done.revision)
  const event = (await room.events()).at(-1)
  assert.deepEqual(
    [event?.kind, event?.evidence.commit, event?.evidence.author, event?.evidence.directory],
    ['policy.access.apply', 'abc123', 'ada', 'commerce'],
  )
  assert.match(String(event?.evidence.policyDiff), /^[\w-]{43}$/)
  await policy.memory.warm('nhi_orders-sync')
  const ask = createTokenDecider(policy.memory, systemRandom())
  const resource = policy.memory.resource('orders')?.id ?? ''
  const answer = ask({
    subject: { id: 'nhi_orders-sync', environment: 'production' },
    resource: { id: resource },
    actions: ['orders.read'],
    credential: { kind: 'private_key_jwt' },
    instance: null,
    sourceIp: null,
    now: room.clock.now(),
  })
  assert.equal(answer.isAllowed, true)
  room.clock.advance(86_400_000)
  const again = await policy.call('policy.access.apply', DIRECTORY)
  assert.ok(
    again.objects.every(({ verb }: { verb: string }) => verb === 'unchanged'),
    JSON.stringify(verbs(again)),
  )
  assert.equal(again.revision, done.revision)
})

onEveryEngine('a dry run says exactly what applying then does, and does nothing', async (room) => {
  const policy = await open(room)
  const dry = await policy.call('policy.access.apply', { ...DIRECTORY, dryRun: true })
  assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
  assert.equal(policy.memory.base().stored.texts.length, 0)
  const done = await policy.call('policy.access.apply', DIRECTORY)
  // Teams and identities are faked in memory, which no savepoint undoes.
  const ours = (lines: readonly string[]) => lines.filter((line) => !/^(?:team|identity) /.test(line))
  assert.deepEqual(ours(verbs(dry)), ours(verbs(done)))
  assert.equal(
    ours(verbs(done)).every((line) => line.endsWith('created')),
    true,
  )
  assert.deepEqual([dry.revision, dry.dryRun, done.dryRun], [done.revision, true, false])
})

onEveryEngine('what the directory no longer declares is ended; what others gave stays', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  await policy.call('policy.set.change', {
    put: [
      {
        name: 'hand',
        file: 'hand.cedar',
        text: 'forbid (principal, action == Reeve::Action::"orders.purge", resource);',
      },
    ],
  })
  const byHand = { identity: 'orders-sync', resource: 'orders', actions: ['orders.export'], expiresAt: '1d' }
  await policy.call('policy.grant.create', byHand)
  const done = await policy.call('policy.access.apply', { ...DIRECTORY, grants: [], policies: [] })
  assert.deepEqual(
    verbs(done).filter((line) => line.endsWith('removed')),
    ['grant orders-sync reader removed', 'policy orders removed'],
  )
  const live = await policy.call('policy.grant.list', { identity: 'orders-sync' })
  assert.deepEqual(
    live.items.map(({ resource }: { resource: string }) => resource),
    ['orders'],
  )
  assert.deepEqual(
    policy.memory.base().stored.texts.map(({ name }) => name),
    ['hand'],
  )
})

onEveryEngine('a forbid that the directory no longer declares ends with an approval alone', async (room) => {
  const policy = await open(room)
  const text = '@guardrail\nforbid (principal, action == Reeve::Action::"orders.purge", resource);'
  const forbid = { name: 'stop', file: 'policies/stop.cedar', text }
  await policy.call('policy.access.apply', { ...DIRECTORY, policies: [...DIRECTORY.policies, forbid] })
  const bare = { ...forbid, text: text.replace('@guardrail', '') }
  for (const policies of [DIRECTORY.policies, [...DIRECTORY.policies, bare]])
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, policies }), { code: 'approval_missing' })
  assert.equal((await policy.call('policy.set.show', { name: 'stop' })).text, text)
})

onEveryEngine('a change shows its fields, and days in an expiry count from when they were declared', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  const [resource] = DIRECTORY.resources
  const done = await policy.call('policy.access.apply', {
    ...DIRECTORY,
    resources: [{ ...resource, isCustomerFacing: true }],
    grants: [{ identity: 'orders-sync', bundle: 'reader', expiresAt: '90d' }],
  })
  const changed = done.objects.filter(({ verb }: { verb: string }) => verb === 'changed')
  assert.deepEqual(
    changed.map(({ type, fields }: { type: string; fields: { field: string }[] }) => [
      type,
      fields.map(({ field }) => field),
    ]),
    [
      ['resource', ['isCustomerFacing']],
      ['grant', ['expiresAt']],
    ],
  )
})

onEveryEngine(
  'wildcards and privileged actions need one approval of the whole directory; a dry run says which',
  async (room) => {
    const policy = await open(room)
    const grants = [{ identity: 'orders-sync', resource: 'orders', actions: ['*'], expiresAt: '30d' }]
    const risky = { ...DIRECTORY, grants }
    const dry = await policy.call('policy.access.apply', { ...risky, dryRun: true })
    assert.deepEqual(dry.needsApproval, ['every action on orders'])
    await assert.rejects(policy.call('policy.access.apply', risky), { code: 'approval_missing' })
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0, 'all or nothing')
    const parsed = policy.operation('policy.access.apply').input.parse(risky)
    policy.approvals.give('apr_1', 'policy.access.apply', parsed)
    await policy.call('policy.access.apply', { ...risky, approval: 'apr_1' })
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
  },
)

onEveryEngine(
  'an approval that comes with a directory is judged for its identities even where nothing of policy needs one',
  async (room) => {
    const policy = await open(room)
    const risky = { ...DIRECTORY, identities: DIRECTORY.identities.map((one) => ({ ...one, tier: 'medium' })) }
    await assert.rejects(policy.call('policy.access.apply', { ...risky, approval: 'apr_made_up' }), {
      code: 'approval_missing',
    })
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0, 'all or nothing')
  },
)

onEveryEngine('a directory with a mistake is refused as a whole, and says which object', async (room) => {
  const policy = await open(room)
  const [resource] = DIRECTORY.resources
  const [grant] = DIRECTORY.grants
  const [bundle] = DIRECTORY.bundles
  const [policies] = DIRECTORY.policies
  const refused = async (change: object, code: string, pointer: string) => {
    await assert.rejects(policy.call('policy.access.apply', { ...DIRECTORY, ...change }), (fault: unknown) => {
      const extras: unknown = fault instanceof Error ? Reflect.get(fault, 'extras') : undefined
      assert.match(JSON.stringify(extras), new RegExp(pointer))
      return fault instanceof Error && Reflect.get(fault, 'code') === code
    })
    assert.equal((await policy.call('policy.resource.list', {})).items.length, 0)
  }
  await refused({ grants: [grant, grant] }, 'apply_name', '/grants/1')
  await refused({ grants: [{ ...grant, identity: 'none' }] }, 'grant_identity', '/grants/0')
  await refused({ grants: [{ ...grant, bundle: 'none' }] }, 'bundle_not_found', '/grants/0')
  await refused({ grants: [{ ...grant, expiresAt: '999d' }] }, 'grant_expiry', '/grants/0')
  await refused(
    { bundles: [{ ...bundle, matrix: [{ resource: 'none', actions: ['*'] }] }] },
    'resource_not_found',
    '/bundles/0',
  )
  await refused({ resources: [{ ...resource, uri: 'none' }] }, 'resource_uri', '/resources/0')
  await refused({ resources: [{ ...resource, owner: 'none' }] }, 'owner_not_found', '/resources/0')
  await refused({ resources: [{ ...resource, environment: 'staging' }] }, 'environment_isolated', '/grants/0')
  await refused(
    { resources: [{ ...resource, actions: [{ name: 'policy.set.check', effect: 'read' }] }] },
    'resource_action',
    'policy.set.check',
  )
  await refused(
    { policies: [{ ...policies, text: 'permit (principal, action, nobody);' }] },
    'policy_invalid',
    'policies/orders.cedar:1',
  )
})

onEveryEngine('what a directory made and no longer declares is ended; what it found there is left', async (room) => {
  const policy = await open(room)
  const found = { name: 'found', purpose: 'made by hand', matrix: [{ resource: 'orders', actions: ['orders.read'] }] }
  await policy.call('policy.access.apply', DIRECTORY)
  await policy.call('policy.bundle.create', found)
  await policy.call('policy.access.apply', { ...DIRECTORY, bundles: [...DIRECTORY.bundles, found] })
  const done = await policy.call('policy.access.apply', { ...DIRECTORY, bundles: [], grants: [] })
  assert.deepEqual(
    verbs(done).filter((line) => !line.endsWith('unchanged')),
    ['grant orders-sync reader removed', 'bundle found left', 'bundle reader removed'],
  )
  const left = await policy.call('policy.bundle.list', {})
  assert.deepEqual(
    left.items.map(({ name }: { name: string }) => name),
    ['found'],
  )
  const again = await policy.call('policy.access.apply', { ...DIRECTORY, bundles: [], grants: [] })
  assert.ok(
    verbs(again).every((line) => line.endsWith('unchanged')),
    JSON.stringify(verbs(again)),
  )
})

onEveryEngine('an identity that is no longer declared is retired, and only with an approval', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  const [api] = DIRECTORY.identities
  const fewer = { ...DIRECTORY, identities: [api], grants: [] }
  const dry = await policy.call('policy.access.apply', { ...fewer, dryRun: true })
  assert.deepEqual(dry.needsApproval, ['orders-sync would be retired for good'])
  policy.identities.put({ id: 'nhi_orders-sync', name: 'orders-sync', state: 'active' })
  await assert.rejects(policy.call('policy.access.apply', fewer), { code: 'approval_missing' })
  policy.identities.put({ id: 'nhi_orders-sync', name: 'orders-sync', state: 'active' })
  policy.approvals.give('apr_2', 'policy.access.apply', policy.operation('policy.access.apply').input.parse(fewer))
  const done = await policy.call('policy.access.apply', { ...fewer, approval: 'apr_2' })
  assert.ok(verbs(done).includes('identity orders-sync removed'))
  assert.equal((await policy.identities.find(room.database.reader, 'orders-sync'))?.state, 'retired')
})

onEveryEngine(
  'what is sensitive or more than read is not ended, to come again as less, without an approval',
  async (room) => {
    const policy = await open(room)
    const without = { directory: 'commerce' }
    const of = (sensitivity: string, effect: string) => ({
      ...without,
      resources: [
        {
          name: 'orders',
          uri: 'https://orders.example/',
          environment: 'production',
          sensitivity,
          actions: [{ name: 'orders.read', effect }],
        },
      ],
    })
    for (const [before, why] of [
      [of('confidential', 'read'), 'orders, which is confidential, would end'],
      [of('internal', 'write'), 'orders, on which orders.read is a write, would end'],
    ] as const) {
      await policy.call('policy.access.apply', before)
      const dry = await policy.call('policy.access.apply', { ...without, dryRun: true })
      assert.deepEqual(dry.needsApproval, [why])
      await assert.rejects(policy.call('policy.access.apply', without), { code: 'approval_missing' })
      policy.approvals.give(
        'apr_1',
        'policy.access.apply',
        policy.operation('policy.access.apply').input.parse(without),
      )
      await policy.call('policy.access.apply', { ...without, approval: 'apr_1' })
    }
    await policy.call('policy.access.apply', of('internal', 'read'))
    assert.ok(verbs(await policy.call('policy.access.apply', without)).includes('resource orders removed'))
  },
)

onEveryEngine('a bundle or a resource that others still use is not ended', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  policy.identities.put({
    id: 'nhi_other',
    name: 'other',
    owner: { id: 'team_commerce', name: 'commerce', isActive: true },
  })
  const byHand = await policy.call('policy.grant.create', { identity: 'other', bundle: 'reader', expiresAt: '1d' })
  const fewer = { ...DIRECTORY, bundles: [], grants: [] }
  await assert.rejects(policy.call('policy.access.apply', fewer), { code: 'apply_in_use' })
  await policy.call('policy.grant.revoke', { grant: byHand.id, reason: 'no longer' })
  const without = { ...fewer, resources: [], policies: [] }
  await policy.call('policy.grant.create', {
    identity: 'other',
    resource: 'orders',
    actions: ['orders.read'],
    expiresAt: '1d',
  })
  await assert.rejects(policy.call('policy.access.apply', without), { code: 'apply_in_use' })
  await policy.call('policy.access.apply', fewer)
})

onEveryEngine('what one directory declares is not taken over by another', async (room) => {
  const policy = await open(room)
  await policy.call('policy.access.apply', DIRECTORY)
  const other = { ...DIRECTORY, directory: 'other' }
  for (const part of ['identities', 'resources', 'bundles', 'grants', 'policies'] as const) {
    const one = { directory: 'other', [part]: DIRECTORY[part] }
    await assert.rejects(policy.call('policy.access.apply', one), { code: 'apply_owned' }, part)
  }
  await policy.call('policy.access.apply', { directory: 'other', teams: other.teams })
})

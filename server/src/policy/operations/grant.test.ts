import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import { endGrants, grantsOf, rightsOf, whyGrant } from '../index.ts'
import { endOverdueGrants } from '../jobs/end-overdue-grants.ts'

const DAY_MS = 86_400_000

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  const common = { environment: 'production', sensitivity: 'confidential' }
  await policy.call('policy.resource.create', {
    ...common,
    name: 'orders',
    uri: 'https://orders.example/',
    actions: [
      { name: 'orders.read', effect: 'read' },
      { name: 'orders.write', effect: 'write' },
      { name: 'orders.purge', effect: 'privileged' },
    ],
  })
  await policy.call('policy.resource.create', {
    ...common,
    name: 'orders-st',
    uri: 'https://st.example/',
    environment: 'staging',
    actions: [{ name: 'orders.read', effect: 'read' }],
  })
  await policy.call('policy.bundle.create', {
    name: 'reader',
    purpose: 'reads orders',
    matrix: [{ resource: 'orders', actions: ['orders.read'] }],
  })
  return policy
}

const READ = { identity: 'sync', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }

onEveryEngine(
  'a grant gives what it says, from the commit on, and grades the identity in the same transaction',
  async (room) => {
    const policy = await open(room)
    await policy.memory.warm('nhi_sync')
    const made = await policy.call('policy.grant.create', READ)
    assert.deepEqual(
      [made.identity, made.resource, made.actions, made.bundle],
      ['nhi_sync', 'orders', ['orders.read'], null],
    )
    assert.equal(made.expiresAt, new Date(room.clock.now().getTime() + 30 * DAY_MS).toISOString())
    assert.deepEqual(policy.identities.regraded, ['nhi_sync'])
    assert.deepEqual(policy.memory.warmed('nhi_sync')?.policies, [made.id])
    const event = (await room.events()).at(-1)
    assert.deepEqual([event?.kind, event?.on?.id, event?.evidence.grant], ['policy.grant.create', 'nhi_sync', made.id])
    assert.deepEqual((await policy.call('policy.grant.show', { grant: made.id })).id, made.id)
    assert.deepEqual(await grantsOf(room.database.reader, 'nhi_sync'), [
      { resource: 'orders', actions: ['orders.read'] },
    ])
  },
)

onEveryEngine('the rights of an identity are the sum of its live grants, those of bundles too', async (room) => {
  const policy = await open(room)
  const rights = () => rightsOf(room.database.reader, 'nhi_sync', policy.ports.environments)
  assert.deepEqual(Object.values(await rights()).some(Boolean), false)
  await policy.call('policy.grant.create', { identity: 'sync', bundle: 'reader', expiresAt: '1d' })
  assert.deepEqual([(await rights()).readsSensitive, (await rights()).writes], [true, false])
  const writer = await policy.call('policy.grant.create', { ...READ, actions: ['orders.write'] })
  assert.deepEqual([(await rights()).writesProduction, (await rights()).writesSensitiveProduction], [true, true])
  await policy.call('policy.grant.revoke', { grant: writer.id, reason: 'not needed' })
  assert.equal((await rights()).writes, false)
})

onEveryEngine('a grant on wrong terms is refused, each with its own code', async (room) => {
  const policy = await open(room)
  const refused = (change: object, code: string) =>
    assert.rejects(policy.call('policy.grant.create', { ...READ, ...change }), { code })
  await refused({ identity: 'nobody' }, 'grant_identity')
  await refused({ resource: 'nothing' }, 'resource_not_found')
  await refused({ bundle: 'nothing', resource: undefined, actions: undefined }, 'bundle_not_found')
  await refused({ actions: ['orders.burn'] }, 'grant_terms')
  await refused({ bundle: 'reader' }, 'grant_terms')
  await refused({ actions: undefined }, 'grant_terms')
  await refused({ conditions: { sourceNetworks: ['10.0.0.0/99'] } }, 'grant_terms')
  await refused({ expiresAt: '367d' }, 'grant_expiry')
  await refused({ expiresAt: '2020-01-01' }, 'grant_expiry')
  await refused({ expiresAt: '2026-13-45' }, 'grant_expiry')
  await refused({ expiresAt: '2027-02-30' }, 'grant_expiry')
  await refused({ expiresAt: undefined }, 'invalid_input')
  await refused({ expiresAt: '0d' }, 'invalid_input')
  policy.identities.put({ id: 'nhi_old', state: 'retired' })
  await refused({ identity: 'old' }, 'grant_terms')
  await policy.call('policy.grant.create', READ)
  await refused({}, 'grant_exists')
  await policy.call('policy.grant.create', { ...READ, name: 'a second one' })
})

onEveryEngine(
  'a wildcard or a privileged grant is refused without an approval of exactly this, by somebody else, once',
  async (room) => {
    const policy = await open(room)
    for (const actions of [['*'], ['orders.purge']]) {
      const wanted = { ...READ, actions, conditions: {}, name: actions.join() }
      await assert.rejects(policy.call('policy.grant.create', wanted), { code: 'approval_missing' })
      const other = policy.approvals.give('apr_other', 'policy.grant.create', { ...wanted, expiresAt: '31d' })
      await assert.rejects(policy.call('policy.grant.create', { ...wanted, approval: other }), {
        code: 'approval_missing',
      })
      const approval = policy.approvals.give(`apr_${actions[0]?.length}`, 'policy.grant.create', wanted)
      const made = await policy.call('policy.grant.create', { ...wanted, approval })
      assert.equal(made.approval, approval)
      assert.equal((await room.events()).at(-1)?.approval, approval)
      await policy.call('policy.grant.revoke', { grant: made.id, reason: 'done' })
      await assert.rejects(policy.call('policy.grant.create', { ...wanted, approval }), { code: 'approval_missing' })
    }
  },
)

onEveryEngine(
  'a grant across environments is refused, by itself and in a bundle, unless a named exception is live',
  async (room) => {
    const policy = await open(room)
    const across = { ...READ, resource: 'orders-st' }
    await assert.rejects(policy.call('policy.grant.create', across), { code: 'environment_isolated' })
    await policy.call('policy.bundle.create', {
      name: 'mixed',
      purpose: 'both',
      matrix: ['orders', 'orders-st'].map((resource) => ({ resource, actions: ['orders.read'] })),
    })
    const mixed = { identity: 'sync', bundle: 'mixed', expiresAt: '1d' }
    await assert.rejects(policy.call('policy.grant.create', mixed), { code: 'environment_isolated' })
    const resource = policy.memory.resource('orders-st')?.id ?? ''
    const until = new Date(room.clock.now().getTime() + DAY_MS)
    policy.exceptions.allow(ISOLATION, isolationSubject('nhi_sync', resource), until)
    const made = await policy.call('policy.grant.create', across)
    assert.equal((await room.events()).at(-1)?.evidence.exceptions, 'exc_0')
    assert.ok(made.id)
  },
)

onEveryEngine(
  'a grant that raises the tier, or reaches what another team owns, needs an approval; any other stays automatic',
  async (room) => {
    const policy = await open(room)
    policy.identities.put({ id: 'nhi_other', owner: { id: 'team_other', name: 'other', isActive: true } })
    const asked: unknown[] = []
    const { spend } = policy.approvals
    Reflect.set(policy.approvals, 'spend', (tx: never, given: Parameters<typeof spend>[1]) => {
      asked.push([given.needed.teams, given.needed.need])
      return spend(tx, given)
    })
    await policy.call('policy.grant.create', READ)
    assert.deepEqual(asked, [])
    for (const after of ['medium', 'high'] as const) {
      policy.identities.becomes('nhi_sync', after)
      const wanted = { ...READ, name: after }
      await assert.rejects(policy.call('policy.grant.create', wanted), { code: 'approval_missing' })
    }
    assert.deepEqual(asked.splice(0), [
      [['team_payments'], 'one'],
      [['team_payments'], 'security-and-owner'],
    ])
    policy.identities.becomes('nhi_sync', 'low')
    await policy.call('policy.resource.change', { resource: 'orders', owner: 'other' })
    await assert.rejects(policy.call('policy.grant.create', { ...READ, name: 'x' }), { code: 'approval_missing' })
    assert.deepEqual(asked, [[['team_other'], 'one']])
  },
)

onEveryEngine('an ended grant gives nothing from the commit on, and says why it ended', async (room) => {
  const policy = await open(room)
  await policy.memory.warm('nhi_sync')
  const made = await policy.call('policy.grant.create', READ)
  const ended = await policy.call('policy.grant.revoke', { grant: made.id, reason: 'moved away' })
  assert.equal(ended.endedReason, 'moved away')
  assert.deepEqual(policy.memory.warmed('nhi_sync')?.policies, [])
  await assert.rejects(policy.call('policy.grant.revoke', { grant: made.id, reason: 'again' }), { code: 'grant_ended' })
  await assert.rejects(policy.call('policy.grant.revoke', { grant: 'grt_none', reason: 'x' }), {
    code: 'grant_not_found',
  })
  await assert.rejects(policy.call('policy.grant.show', { grant: 'grt_none' }), { code: 'grant_not_found' })
  const why = await whyGrant(policy, room.database.reader, made.id, room.clock.now())
  assert.match(String(why?.summary), / to sync \(nhi_sync\) has ended$/)
  assert.ok(why?.because.some((line) => line.endsWith('moved away')))
  assert.equal(await whyGrant(policy, room.database.reader, 'grt_none', room.clock.now()), undefined)
})

onEveryEngine('grants are listed by identity, resource and bundle, live ones unless asked for all', async (room) => {
  const policy = await open(room)
  const one = await policy.call('policy.grant.create', READ)
  await policy.call('policy.grant.create', { identity: 'sync', bundle: 'reader', expiresAt: '1d' })
  await policy.call('policy.grant.revoke', { grant: one.id, reason: 'done' })
  const count = async (filter: object) => (await policy.call('policy.grant.list', filter)).items.length
  assert.deepEqual(
    [
      await count({ identity: 'sync' }),
      await count({ identity: 'sync', ended: true }),
      await count({ bundle: 'reader' }),
      await count({ resource: 'orders' }),
    ],
    [1, 2, 1, 0],
  )
  const first = await policy.call('policy.grant.list', { ended: true, limit: 1 })
  const rest = await policy.call('policy.grant.list', { ended: true, limit: 1, cursor: first.nextCursor })
  assert.deepEqual([rest.items.length, rest.nextCursor], [1, null])
  await assert.rejects(policy.call('policy.grant.list', { identity: 'nobody' }), { code: 'grant_identity' })
  await assert.rejects(policy.call('policy.grant.list', { resource: 'nobody' }), { code: 'resource_not_found' })
  await assert.rejects(policy.call('policy.grant.list', { bundle: 'nobody' }), { code: 'bundle_not_found' })
})

onEveryEngine('a grant whose time is over is ended with an event, once, and its name is free again', async (room) => {
  const policy = await open(room)
  const made = await policy.call('policy.grant.create', { ...READ, expiresAt: '1d' })
  room.clock.advance(DAY_MS)
  const job = endOverdueGrants({
    database: room.database,
    changes: room.changes,
    random: systemRandom(),
    ports: policy.ports,
    committed: () => undefined,
  })
  await job.run(room.clock.now())
  await job.run(room.clock.now())
  const ended = (await room.events()).filter(({ kind }) => kind === 'policy.grant.expire')
  assert.deepEqual(
    ended.map(({ evidence }) => evidence.grant),
    [made.id],
  )
  assert.deepEqual(
    ended.map(({ actor }) => actor.principalType),
    ['automation'],
  )
  assert.equal((await policy.call('policy.grant.show', { grant: made.id })).endedReason, 'its expiry came')
  await policy.call('policy.grant.create', { ...READ, expiresAt: '1d' })
  room.clock.advance(DAY_MS)
  await policy.call('policy.grant.create', { ...READ, expiresAt: '1d' })
})

onEveryEngine('retiring an identity ends all its grants with the reason', async (room) => {
  const policy = await open(room)
  const made = await policy.call('policy.grant.create', READ)
  const signals = await room.database.write((tx) => endGrants(tx, 'nhi_sync', 'retired', room.clock.now()))
  assert.deepEqual(signals, [{ topic: 'grant', key: 'nhi_sync' }])
  assert.equal((await policy.call('policy.grant.show', { grant: made.id })).endedReason, 'retired')
})

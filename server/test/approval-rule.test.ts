import assert from 'node:assert/strict'
import { declaredBot, declaredResource, openPlugged, type People, type Plugged, peopleOf } from './plugged.ts'
import { onEveryEngine, type Room } from './room.ts'

const WRITER = { classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'write-limited' } }
const GRANT = 'policy.grant.create'
const CHANGE_RESOURCE = 'policy.resource.change'
const CHANGE_BUNDLE = 'policy.bundle.change'

const open = async (room: Room): Promise<Plugged & People> => {
  const plugged = await openPlugged(room)
  const people = await peopleOf(room, plugged)
  await plugged.call('inventory.identity.create', declaredBot('reader'), people.admin)
  const { call } = plugged
  await call('policy.resource.create', declaredResource('orders'), people.admin)
  await call('policy.resource.create', declaredResource('ledger', { owner: 'team-b' }), people.admin)
  return { ...plugged, ...people }
}

const readGrant = { identity: 'reader', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }

onEveryEngine(
  'what a call needs approved is what the call itself finds, and nobody has to know it',
  async (room, t) => {
    const { call, ask, admin, security, ownerA, approverA, ownerB, approverB } = await open(room)
    const writer = declaredBot('writer', WRITER)
    await t.test('a tier that creation leads to', async () => {
      const { need, why, teams } = await ask('inventory.identity.create', writer, ownerA)
      assert.deepEqual([need, why, teams.length], ['one', ['writer is of medium tier'], 1])
      assert.equal((await call('inventory.identity.list', { text: 'writer' }, admin)).items.length, 0, 'only tried out')
    })
    await t.test('a grant that leads to a high tier starts with security and the owner', async () => {
      await call('inventory.identity.create', { ...writer, owner: 'team-a' }, ownerA)
      const purge = { ...readGrant, identity: 'writer', actions: ['orders.purge'] }
      const asked = await ask(GRANT, purge, ownerA)
      assert.equal(asked.need, 'security-and-owner')
      assert.deepEqual(asked.why, ['orders.purge on orders is privileged', 'writer becomes of high tier'])
      const state = async (by: typeof admin) =>
        (await call('lifecycle.approval.approve', { approval: asked.id }, by)).state
      assert.deepEqual([await state(security), await state(approverA)], ['requested', 'approved'])
      const made = await call(GRANT, { ...purge, approval: asked.id }, ownerA)
      assert.equal(made.approval, asked.id)
      const event = (await room.events()).at(-1)
      assert.deepEqual(
        event?.change.find(({ field }) => field === 'tier'),
        { field: 'tier', before: 'medium', after: 'high' },
      )
    })
    const [{ team: b = null } = {}] = ownerB.roles
    const seesBoth = { ...ownerA, roles: [...ownerA.roles, { role: 'viewer', team: b }] } as const
    await t.test('a grant on what another team owns, by who may know of it', async () => {
      const wanted = { ...readGrant, resource: 'ledger', actions: ['ledger.read'] }
      await assert.rejects(ask(GRANT, wanted, ownerA), { code: 'resource_not_found' })
      const asked = await ask(GRANT, wanted, seesBoth)
      assert.deepEqual([asked.need, asked.why], ['one', ['ledger belongs to another team']])
      await assert.rejects(call('lifecycle.approval.approve', { approval: asked.id }, approverA), { code: 'not_found' })
      assert.equal((await call('lifecycle.approval.approve', { approval: asked.id }, ownerB)).state, 'requested')
      assert.equal((await call('lifecycle.approval.approve', { approval: asked.id }, approverB)).state, 'approved')
    })
    await t.test('a directory, for everything in it together', async () => {
      const directory = {
        identities: [declaredBot('deployer', WRITER)],
        grants: [
          { identity: 'deployer', resource: 'orders', actions: ['orders.purge'], expiresAt: '30d' },
          { identity: 'reader', resource: 'ledger', actions: ['ledger.read'], expiresAt: '30d' },
        ],
      }
      const asked = await ask('policy.access.apply', directory, admin)
      assert.equal(asked.need, 'security-and-owner')
      assert.deepEqual(asked.why, [
        'deployer is of medium tier',
        'orders.purge on orders is privileged',
        'deployer becomes of high tier',
        'ledger belongs to another team',
      ])
      assert.equal(asked.teams.length, 2)
    })
    await t.test('a mode, an owner, an exception that crosses environments, a privileged text', async () => {
      const mode = await ask('policy.mode.change', { kind: 'identity', target: 'reader', reason: 'to see' }, admin)
      assert.deepEqual([mode.need, mode.teams], ['one', [null]])
      const given = await ask('inventory.identity.change', { identity: 'reader', owner: 'team-b' }, seesBoth)
      assert.deepEqual([given.need, given.why], ['one', ['reader is given to another team']])
      const put = [{ name: 'all', file: 'all.cedar', text: 'permit (principal, action, resource);' }]
      assert.deepEqual((await ask('policy.set.change', { put }, admin)).teams, [null])
      const staging = await call(
        'policy.resource.create',
        declaredResource('lab', { environment: 'staging', owner: 'team-b' }),
        admin,
      )
      const reader = await call('inventory.identity.show', { identity: 'reader' }, admin)
      const expiresAt = new Date(room.clock.now().getTime() + 86_400_000).toISOString()
      const subject = `${reader.id}/${staging.id}`
      const across = await ask(
        'lifecycle.exception.create',
        { kind: 'environment-isolation', subject, reason: 'migration', expiresAt },
        approverA,
      )
      assert.deepEqual([across.need, across.teams], ['security-and-owner', [reader.owner.id, staging.owner].sort()])
    })
    await t.test('what needs none, and what would be refused anyway, is not asked of anybody', async () => {
      await assert.rejects(ask(GRANT, readGrant, ownerA), { code: 'approval_not_needed' })
      await assert.rejects(ask('inventory.identity.show', { identity: 'reader' }, ownerA), {
        code: 'approval_not_needed',
      })
      await assert.rejects(ask(GRANT, { ...readGrant, actions: ['orders.burn'] }, ownerA), { code: 'grant_terms' })
      await assert.rejects(ask(GRANT, readGrant, ownerB), { code: 'not_found' })
      await assert.rejects(ask(GRANT, { ...readGrant, actions: 7 }, ownerA), (fault: unknown) => {
        const extras: unknown = fault instanceof Error ? Reflect.get(fault, 'extras') : undefined
        assert.match(JSON.stringify(extras), /\/input\/actions/)
        return true
      })
    })
  },
)

onEveryEngine('what changed in between and needs more refuses the spend, and says why', async (room) => {
  const { call, ask, admin, approverA, ownerA, security } = await open(room)
  await call('inventory.identity.create', { ...declaredBot('writer', WRITER) }, ownerA)
  const wanted = { ...readGrant, identity: 'writer', actions: ['*'] }
  await call(CHANGE_RESOURCE, { resource: 'orders', actions: declaredResource('orders').actions.slice(0, 2) }, admin)
  const { id, need } = await ask(GRANT, wanted, ownerA)
  assert.equal(need, 'one')
  await call('lifecycle.approval.approve', { approval: id }, approverA)
  await call(CHANGE_RESOURCE, { resource: 'orders', sensitivity: 'regulated' }, admin)
  await assert.rejects(call(GRANT, { ...wanted, approval: id }, ownerA), {
    code: 'approval_outgrown',
    message: /it takes a security approver and the owner now/,
  })
  const again = await ask(GRANT, wanted, ownerA)
  assert.equal(again.need, 'security-and-owner')
  for (const by of [security, approverA]) await call('lifecycle.approval.approve', { approval: again.id }, by)
  assert.ok((await call(GRANT, { ...wanted, approval: again.id }, ownerA)).id)
})

onEveryEngine('a bundle or a resource that raises a tier needs the approval of that tier', async (room, t) => {
  const { call, ask, approved, admin, security, ownerA, approverA } = await open(room)
  await call('inventory.identity.create', declaredBot('writer', WRITER), ownerA)
  const reading = { resource: 'orders', actions: ['orders.read'] }
  await call('policy.bundle.create', { name: 'sync', purpose: 'copies orders', matrix: [reading] }, admin)
  await call(GRANT, { identity: 'reader', bundle: 'sync', expiresAt: '30d' }, ownerA)
  await call(GRANT, { identity: 'writer', bundle: 'sync', expiresAt: '30d' }, ownerA)
  const revisionOf = async (identity: string) => (await call('inventory.identity.show', { identity }, admin)).revision

  await t.test('a bundle whose new line raises a holder', async () => {
    await call('policy.resource.create', declaredResource('vault', { sensitivity: 'regulated' }), admin)
    const input = { bundle: 'sync', matrix: [reading, { resource: 'vault', actions: ['vault.read'] }] }
    await assert.rejects(call(CHANGE_BUNDLE, input, admin), { code: 'approval_required' })
    const asked = await ask(CHANGE_BUNDLE, input, admin)
    assert.deepEqual([asked.need, asked.why], ['one', ['reader becomes of medium tier']])
    const before = await revisionOf('reader')
    const dry = await call(CHANGE_BUNDLE, { ...input, dryRun: true }, admin)
    assert.deepEqual(
      dry.regraded.map(({ name, before: was, after }: Answer) => [name, was, after]),
      [['reader', 'low', 'medium']],
    )
    assert.equal(await revisionOf('reader'), before, 'a dry run grades nobody')
    await approved(CHANGE_BUNDLE, input, admin, [approverA])
    assert.equal(await revisionOf('reader'), before + 1)
    const told = (await room.events()).findLast(({ kind, outcome }) => kind === CHANGE_BUNDLE && outcome === 'done')
    assert.deepEqual(
      told?.change.find(({ field }) => field === 'tier of reader'),
      { field: 'tier of reader', before: 'low', after: 'medium' },
    )
  })
  await t.test('a bundle that shrinks asks nobody', async () => {
    await call(CHANGE_BUNDLE, { bundle: 'sync', matrix: [reading] }, admin)
    assert.equal((await call('inventory.identity.show', { identity: 'reader' }, admin)).tier, 'low')
  })
  await t.test('a resource that turns out to be worth more, by whom it belongs to', async () => {
    await call(CHANGE_RESOURCE, { resource: 'orders', owner: 'team-b' }, admin)
    const input = { resource: 'orders', sensitivity: 'confidential' }
    await assert.rejects(call(CHANGE_RESOURCE, input, admin), { code: 'approval_required' })
    const asked = await ask(CHANGE_RESOURCE, input, admin)
    assert.deepEqual([asked.need, asked.why], ['one', ['reader becomes of medium tier']])
    await approved(CHANGE_RESOURCE, input, admin, [security])
    await assert.rejects(call(CHANGE_RESOURCE, { resource: 'orders', sensitivity: 'public' }, admin), {
      code: 'approval_required',
    })
    await assert.rejects(call(CHANGE_RESOURCE, { resource: 'orders', owner: 'team-a' }, admin), {
      code: 'approval_required',
    })
    assert.equal((await ask(CHANGE_RESOURCE, { resource: 'orders', owner: 'team-a' }, admin)).teams.length, 2)
  })
})

onEveryEngine('a resource can always be guarded better, whatever its holders declared', async (room) => {
  const { call, ask, approved, admin, security, otherSecurity, ownerA } = await open(room)
  const bot = declaredBot('reader-two')
  await call('inventory.identity.create', bot, ownerA)
  await call(GRANT, { ...readGrant, identity: 'reader-two' }, ownerA)
  const { credential } = await call('broker.credential.add', { identity: 'reader-two', kind: 'client-secret' }, ownerA)
  const [, write, purge] = declaredResource('orders').actions
  const input = {
    resource: 'orders',
    sensitivity: 'regulated',
    isCustomerFacing: true,
    actions: [{ name: 'orders.read', effect: 'write' }, write, purge],
  }
  const dry = await call(CHANGE_RESOURCE, { ...input, dryRun: true }, admin)
  assert.deepEqual(dry.needsApproval, ['reader-two becomes of high tier'])
  assert.deepEqual(dry.regraded, [
    {
      id: dry.regraded[0]?.id,
      name: 'reader-two',
      before: 'low',
      after: 'high',
      refused: [`credential ${credential.id} (client-secret) is refused at high tier`],
    },
  ])
  assert.equal((await ask(CHANGE_RESOURCE, input, admin)).need, 'security-and-owner')
  await assert.rejects(approved(CHANGE_RESOURCE, input, admin, [security]), { code: 'approval_required' })
  await approved(CHANGE_RESOURCE, input, admin, [security, otherSecurity])
  const graded = await call('inventory.identity.show', { identity: 'reader-two' }, admin)
  assert.deepEqual([graded.tier, graded.classification.blastRadius], ['high', 'read-only'])
  assert.equal(graded.classification.effectiveBlastRadius, 'write-limited')
  const { items } = await call('observe.finding.list', { identity: graded.id }, admin)
  const rules = items.map(({ rule }: Answer) => rule)
  assert.deepEqual(rules.filter((rule: string) => ['tier-rose', 'class-below-rights'].includes(rule)).sort(), [
    'class-below-rights',
    'tier-rose',
  ])
})

// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely
type Answer = any

import assert from 'node:assert/strict'
import { APPROVAL, bot, openInventory, team } from '../../../test/inventory.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import { NO_RIGHTS } from '../domain/tier.ts'
import { regradeGiven } from '../regrade.ts'

const writing = { ...bot().classification, blastRadius: 'write-limited' }

onEveryEngine('a change keeps what is not named, tells what it changed, and counts the revision', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  const made = await call('identity.create', bot())
  const changed = await call('identity.change', {
    identity: 'orders-sync',
    purpose: 'moves invoices',
    upstream: ['billing'],
  })
  assert.deepEqual({ ...changed, purpose: made.purpose, upstream: [], revision: 1 }, made)
  assert.equal(changed.revision, 2)
  const event = (await room.events()).at(-1)
  assert.deepEqual(event?.change, [
    { field: 'purpose', before: 'copies orders to the warehouse', after: 'moves invoices' },
    { field: 'upstream', before: '[]', after: '["billing"]' },
  ])
  assert.equal((await call('identity.list', { text: 'invoices' })).items.length, 1)
  assert.equal((await call('identity.list', { text: 'warehouse' })).items.length, 0)
  const same = await call('identity.change', { identity: 'orders-sync', purpose: 'moves invoices' })
  assert.equal(same.revision, 2)
  await assert.rejects(() => call('identity.change', { identity: 'orders-sync', revision: 1, purpose: 'x' }), {
    code: 'stale_revision',
  })
})

onEveryEngine('a change that raises the tier needs the approval that creation would need', async (room) => {
  const inventory = openInventory(room)
  const { call } = inventory
  await call('team.create', team())
  await call('identity.create', bot())
  const raise = { identity: 'orders-sync', classification: writing }
  await assert.rejects(() => call('identity.change', raise), { code: 'approval_missing' })
  assert.equal((await call('identity.show', { identity: 'orders-sync' })).tier, 'low')
  const changed = await call('identity.change', { ...raise, approval: APPROVAL })
  assert.deepEqual([changed.tier, changed.approvedBy, changed.state], ['medium', APPROVAL, 'active'])
  assert.deepEqual(inventory.spent, [{ operation: 'inventory.identity.change', input: raise, need: 'one' }])
})

onEveryEngine(
  'an identity from outside is no longer so only by an approval of security, whatever its tier',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    await call('team.create', team())
    const of = (boundary: string) => ({ ...bot().classification, boundary })
    await call('identity.create', { ...bot(), environment: 'dev', classification: of('third-party') })
    await call('identity.change', { identity: 'orders-sync', classification: of('internet') })
    for (const boundary of ['internal', 'regulated']) {
      const change = { identity: 'orders-sync', classification: of(boundary) }
      await assert.rejects(() => call('identity.change', change), { code: 'approval_missing' })
    }
    const change = { identity: 'orders-sync', classification: of('internal'), approval: APPROVAL }
    assert.equal((await call('identity.change', change)).classification.boundary, 'internal')
    await call('identity.change', { identity: 'orders-sync', classification: of('third-party') })
  },
)

const declared = (fields: object) => ({ ...bot().classification, ...fields })

// what is declared, of which kind, and what it is changed to; whose word that takes
const LOWERED: readonly [string, string, object, object, string | undefined][] = [
  [
    'an agent in production decides no more',
    'agent',
    { functions: ['decide'], blastRadius: 'write-limited' },
    { functions: ['sync'], blastRadius: 'write-limited' },
    'security-and-owner',
  ],
  [
    'an agent that is granted nothing yet decides no more',
    'agent',
    { functions: ['decide', 'sync'] },
    { functions: ['sync'] },
    'one',
  ],
  [
    'what writes in production is exposed to the internet no more',
    'bot',
    { boundary: 'internet', blastRadius: 'write-limited' },
    { boundary: 'third-party', blastRadius: 'write-limited' },
    'security-and-owner',
  ],
  [
    'from the internet to a third party, with nothing granted',
    'bot',
    { boundary: 'internet' },
    { boundary: 'third-party' },
    'one',
  ],
  ['regulated no more', 'bot', { boundary: 'regulated' }, { boundary: 'internal' }, 'one'],
  ['privileged no more', 'bot', { blastRadius: 'privileged' }, { blastRadius: 'read-only' }, 'security-and-owner'],
  ['another function, that grades nothing', 'bot', { functions: ['decide'] }, { functions: ['sync'] }, undefined],
  ['a function more', 'agent', { functions: ['sync'] }, { functions: ['sync', 'observe'] }, undefined],
]

onEveryEngine(
  'a change that lowers the tier, now or by what is granted later, takes the approval of the tier that it leaves',
  async (room, t) => {
    const inventory = openInventory(room)
    const { call, spent } = inventory
    await call('team.create', team())
    for (const [row, [what, kind, before, after, need]] of LOWERED.entries())
      await t.test(what, async () => {
        const identity = `bot-${row}`
        await call('identity.create', {
          ...bot(),
          name: identity,
          kind,
          classification: declared(before),
          approval: APPROVAL,
        })
        const change = { identity, classification: declared(after) }
        const { tier } = await call('identity.show', { identity })
        if (need === undefined) return void (await call('identity.change', change))
        await assert.rejects(() => call('identity.change', change), { code: 'approval_missing' })
        assert.equal((await call('identity.show', { identity })).tier, tier)
        await call('identity.change', { ...change, approval: APPROVAL })
        assert.equal(spent.at(-1)?.need, need)
      })
    await t.test('what is only requested is approved as a whole when it is activated', async () => {
      await call('identity.create', {
        ...bot(),
        name: 'asked',
        classification: declared({ blastRadius: 'privileged' }),
      })
      const changed = await call('identity.change', { identity: 'asked', classification: declared({}) })
      assert.deepEqual([changed.state, changed.tier], ['requested', 'low'])
    })
  },
)

onEveryEngine(
  'an expiry or a review is moved within its bounds only, and what is past may stay as it is',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    await call('identity.create', { ...bot(), reviewAt: '10d' })
    const refused = (wanted: object) =>
      assert.rejects(() => call('identity.change', { identity: 'orders-sync', ...wanted }), { code: 'invalid_input' })
    await refused({ expiresAt: '367d' })
    await refused({ reviewAt: '181d' })
    await refused({ tags: { application: 'orders' } })
    await refused({ name: 'other' })
    await refused({ environment: 'dev' })
    await refused({ lifecycle: 'pipeline' })
    room.clock.advance(20 * 86_400_000)
    await call('identity.change', { identity: 'orders-sync', purpose: 'overdue for review' })
    const renewed = await call('identity.change', { identity: 'orders-sync', reviewAt: '180d' })
    assert.equal(renewed.reviewAt, new Date(room.clock.now().getTime() + 180 * 86_400_000).toISOString())
  },
)

onEveryEngine(
  'rights raise the tier and bring the review forward; read-only is refused while a grant writes',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    const { id } = await call('identity.create', { ...bot(), reviewAt: '180d' })
    const now = room.clock.now()
    const grade = (rights: object) =>
      room.database.write((tx) => regradeGiven(tx, id, async () => ({ ...NO_RIGHTS, ...rights }), now))
    await assert.rejects(() => grade({ writes: true }), { code: 'class_below_rights' })
    await call('identity.change', { identity: id, classification: writing, approval: APPROVAL, reviewAt: '90d' })
    const given = await grade({ writes: true })
    assert.deepEqual(given.signals, [{ topic: 'identity', key: id }])
    assert.deepEqual(given.change, [{ field: 'rights', before: '[]', after: '["writes"]' }])
    assert.equal((await call('identity.show', { identity: id })).revision, 3)
    await grade({ writes: true })
    assert.equal((await call('identity.show', { identity: id })).revision, 3)
    await assert.rejects(() => call('identity.change', { identity: id, classification: bot().classification }), {
      code: 'class_below_rights',
    })
    await grade({ isPrivileged: true })
    const graded = await call('identity.show', { identity: id })
    assert.deepEqual([graded.tier, graded.classification.effectiveBlastRadius], ['high', 'privileged'])
    assert.equal((await call('identity.list', { tier: 'high' })).items.length, 1)
    await grade({})
    assert.equal((await call('identity.show', { identity: id })).tier, 'medium')
    await assert.rejects(() => room.database.write((tx) => regradeGiven(tx, 'nhi_none', async () => NO_RIGHTS, now)), {
      code: 'not_found',
    })
  },
)

onEveryEngine('rights that raise the tier bring a later review forward', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  const { id } = await call('identity.create', { ...bot(), reviewAt: '180d' })
  const now = room.clock.now()
  await room.database.write((tx) => regradeGiven(tx, id, async () => ({ ...NO_RIGHTS, readsSensitive: true }), now))
  const graded = await call('identity.show', { identity: id })
  assert.deepEqual([graded.tier, graded.reviewAt], ['medium', '2027-02-20T12:00:00.000Z'])
})

onEveryEngine(
  'a parent takes its children along to another owner and an earlier expiry, and stays as wide as they are',
  async (room) => {
    const { call, stops } = openInventory(room)
    const first = await call('team.create', team())
    const other = await call('team.create', team('other'))
    await call('identity.create', { ...bot('parent'), classification: writing, approval: APPROVAL })
    await call('identity.create', { ...bot('child'), parent: 'parent', classification: writing, approval: APPROVAL })
    await call('identity.change', { identity: 'parent', owner: 'other', expiresAt: '30d' })
    const child = await call('identity.show', { identity: 'child' })
    assert.deepEqual([child.owner.id, child.expiresAt], [other.id, '2026-12-22T12:00:00.000Z'])
    const { id: parentId } = await call('identity.show', { identity: 'parent' })
    // Tokens that either of them holds name the former owner.
    const moves = [parentId, child.id].map((id) => ({ moved: `${id}:${first.id}:${other.id}` }))
    assert.deepEqual(stops, moves)
    assert.equal((await call('identity.list', { owner: 'other' })).items.length, 2)
    await assert.rejects(() => call('identity.change', { identity: 'child', owner: 'payments' }), {
      code: 'exceeds_parent',
    })
    await assert.rejects(() => call('identity.change', { identity: 'child', expiresAt: '31d' }), {
      code: 'exceeds_parent',
    })
    await assert.rejects(() => call('identity.change', { identity: 'parent', classification: bot().classification }), {
      code: 'exceeds_parent',
    })
  },
)

onEveryEngine('no identity is put into a team that neither asked for it nor approved it', async (room, t) => {
  const inventory = openInventory(room)
  const { call } = inventory
  const payments = await call('team.create', team())
  const other = await call('team.create', team('other'))
  await call('identity.create', bot())
  const holder = (...roles: (typeof adminCaller)['roles']) => ({ ...adminCaller, roles })
  const ofPayments = { role: 'owner', team: payments.id } as const
  const move = { identity: 'orders-sync', owner: 'other' }
  const back = () => call('identity.change', { identity: 'orders-sync', owner: 'payments' })

  await t.test('the old team alone may not, nor with what raises the tier', async () => {
    for (const caller of [holder(ofPayments), holder(), holder(ofPayments, { role: 'approver', team: other.id })])
      await assert.rejects(() => call('identity.change', move, caller), { code: 'approval_missing' })
    assert.equal((await call('identity.show', { identity: 'orders-sync' })).owner.id, payments.id)
  })
  await t.test('it may with an approval of the new team', async () => {
    const moved = await call('identity.change', { ...move, approval: APPROVAL }, holder(ofPayments))
    assert.equal(moved.owner.id, other.id)
    assert.deepEqual(inventory.spent, [{ operation: 'inventory.identity.change', input: move, need: 'one' }])
    assert.deepEqual(inventory.spentFor, [other.id])
    await back()
  })
  await t.test('what raises the tier as well takes the stronger need, of the new team', async () => {
    await call('identity.change', { ...move, classification: writing, approval: APPROVAL }, holder(ofPayments))
    assert.deepEqual([inventory.spent.at(-1)?.need, inventory.spentFor.at(-1)], ['one', other.id])
    await back()
  })
  await t.test('who answers for both teams, or for every team, needs none', async () => {
    for (const role of ['owner', 'admin'] as const)
      for (const caller of [holder(ofPayments, { role, team: other.id }), holder({ role, team: null })]) {
        await call('identity.change', move, caller)
        await back()
      }
    assert.equal(inventory.spent.length, 2)
  })
  await t.test('what stays where it is needs none', async () => {
    await call('identity.change', { identity: 'orders-sync', owner: 'payments', purpose: 'more' }, holder(ofPayments))
  })
})

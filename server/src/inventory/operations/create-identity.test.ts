import assert from 'node:assert/strict'
import { APPROVAL, bot, identityCaller, openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
import type { AnyTx } from '../../kit/database.ts'
import { createIdentity } from './create-identity.ts'

onEveryEngine(
  'an identity that is complete and of low risk is active at once, and its record tells what it is',
  async (room) => {
    const { call } = openInventory(room)
    const owner = await call('team.create', team())
    const made = await call('identity.create', bot())
    assert.match(made.id, /^nhi_/)
    assert.equal(made.state, 'active')
    assert.equal(made.tier, 'low')
    assert.deepEqual(made.owner, { id: owner.id, name: 'payments', state: 'active' })
    assert.equal(made.expiresAt, '2027-05-21T12:00:00.000Z')
    assert.equal(made.createdBy, 'per_test_admin')
    assert.equal(made.lastUsedAt, null)
    assert.deepEqual(await call('identity.show', { identity: 'orders-sync' }), made)
    const event = (await room.events()).find((each) => each.kind === 'inventory.identity.create')
    assert.deepEqual(event?.on, {
      type: 'Identity',
      id: made.id,
      name: 'orders-sync',
      environment: 'production',
      team: made.owner.id,
    })
    assert.deepEqual(event?.tags, bot().tags)
    assert.ok(event?.change.some(({ field, after }) => field === 'purpose' && after === bot().purpose))
  },
)

const MISSING: readonly (readonly [string, string])[] = [
  ['owner', '/owner'],
  ['purpose', '/purpose'],
  ['environment', '/environment'],
  ['classification', '/classification'],
  ['expiresAt', '/expiresAt'],
  ['reviewAt', '/reviewAt'],
  ['name', '/name'],
  ['kind', '/kind'],
  ['tags', '/tags'],
  ['classification.functions', '/classification/functions'],
  ['classification.boundary', '/classification/boundary'],
  ['classification.blastRadius', '/classification/blastRadius'],
  ['tags.business_unit', '/tags/business_unit'],
  ['tags.application', '/tags/application'],
  ['tags.repository', '/tags/ticket'],
]

const without = (input: object, path: string): object => {
  const [head = '', ...rest] = path.split('.')
  return Object.fromEntries(
    Object.entries(input).flatMap(([key, value]) => {
      if (key !== head) return [[key, value]]
      return rest.length === 0 ? [] : [[key, without(value, rest.join('.'))]]
    }),
  )
}

onEveryEngine('each mandatory field that is missing is refused by name, and nothing is created', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  for (const [path, pointer] of MISSING)
    await assert.rejects(
      () => call('identity.create', without(bot(), path)),
      (error: { code: string; extras: { places: { pointer: string; detail: string }[] } }) => {
        assert.equal(error.code, 'invalid_input', path)
        const place = error.extras.places.find((each) => each.pointer === pointer)
        assert.match(place?.detail ?? '', /mandatory/, `${path} at ${pointer}: ${JSON.stringify(error.extras.places)}`)
        return true
      },
    )
  await assert.rejects(
    () => call('identity.create', { name: 'orders-sync' }),
    (error: { extras: { places: { pointer: string }[] } }) => {
      const told = error.extras.places.map(({ pointer }) => pointer)
      for (const pointer of ['/owner', '/kind', '/purpose', '/environment', '/classification', '/expiresAt', '/tags'])
        assert.ok(told.includes(pointer), `${pointer} of ${told}`)
      return true
    },
  )
  const { classification, ...rest } = bot()
  await assert.rejects(
    () => call('identity.create', { ...rest, classification: { ...classification, functions: [] } }),
    (error: { extras: { places: { detail: string }[] } }) =>
      error.extras.places[0]?.detail === 'classification.functions is mandatory',
  )
  assert.deepEqual((await call('identity.list', {})).items, [])
})

const WRONG: readonly (readonly [string, object, string])[] = [
  ['a name in capitals', { name: 'Orders' }, '/name'],
  ['a name like an id', { name: 'nhi_orders' }, '/name'],
  ['a name of 64 characters', { name: 'a'.repeat(64) }, '/name'],
  ['an unknown kind', { kind: 'robot' }, '/kind'],
  ['an unknown field', { tier: 'low' }, '/tier'],
  ['an expiry in the past', { expiresAt: '2026-11-22T11:59:59Z' }, '/expiresAt'],
  ['an expiry of now', { expiresAt: '2026-11-22T12:00:00Z' }, '/expiresAt'],
  ['an expiry beyond a year', { expiresAt: '367d' }, '/expiresAt'],
  ['an expiry of no day', { expiresAt: '2027-02-30' }, '/expiresAt'],
  ['an expiry of zero', { expiresAt: '0d' }, '/expiresAt'],
  ['an expiry of null', { expiresAt: null }, '/expiresAt'],
  ['a review later than the tier allows', { reviewAt: '181d' }, '/reviewAt'],
  ['a review of temporary work after a month', { lifecycle: 'ephemeral', reviewAt: '30d' }, '/reviewAt'],
  ['a pipeline without its reference', { lifecycle: 'pipeline' }, '/pipeline'],
  ['a purpose over several lines', { purpose: 'one\ntwo' }, '/purpose'],
  ['a purpose with a NUL', { purpose: 'one\u0000two' }, '/purpose'],
  ['a purpose that nobody can see', { purpose: '\u00ad\u3164 \u200b' }, '/purpose'],
  ['a purpose that turns its own order', { purpose: 'reads \u202eselif\u202c' }, '/purpose'],
  ['a purpose with a line separator', { purpose: 'one\u2028two' }, '/purpose'],
  ['a tag that nobody can see', { tags: { ...bot().tags, ticket: '\u2060' } }, '/tags/ticket'],
  ['a purpose of 301 characters', { purpose: 'x'.repeat(301) }, '/purpose'],
  [
    '51 tags',
    { tags: { ...bot().tags, ...Object.fromEntries(Array.from({ length: 48 }, (_, i) => [`t${i}`, 'x'])) } },
    '/tags',
  ],
  ['a tag named badly', { tags: { ...bot().tags, 'a b': 'x' } }, '/tags/*'],
]

onEveryEngine('what does not fit its bounds is refused by name', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  for (const [what, wrong, pointer] of WRONG)
    await assert.rejects(
      () => call('identity.create', { ...bot(), ...wrong }),
      (error: { code: string; extras: { places: { pointer: string }[] } }) => {
        assert.equal(error.code, 'invalid_input', what)
        assert.ok(
          error.extras.places.some((each) => each.pointer === pointer),
          `${what}: ${JSON.stringify(error.extras.places)}`,
        )
        return true
      },
      what,
    )
})

onEveryEngine('a name is given out once, even after its identity retired', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  await call('identity.create', bot())
  await assert.rejects(() => call('identity.create', bot()), { code: 'name_taken' })
})

onEveryEngine('an owner or a parent that does not exist is not found', async (room) => {
  const { call } = openInventory(room)
  await assert.rejects(() => call('identity.create', bot()), { code: 'not_found' })
  await call('team.create', team())
  await assert.rejects(() => call('identity.create', { ...bot(), parent: 'nobody' }), { code: 'not_found' })
})

onEveryEngine(
  'what the tier wants approved waits as requested, and is active where the approval came along',
  async (room) => {
    const inventory = openInventory(room)
    const { call } = inventory
    await call('team.create', team())
    const writer = { ...bot('writer'), classification: { ...bot().classification, blastRadius: 'write-limited' } }
    const waiting = await call('identity.create', writer)
    assert.deepEqual([waiting.tier, waiting.state, waiting.approvedBy], ['medium', 'requested', null])
    const admin = {
      ...bot('admin-bot'),
      classification: { ...bot().classification, blastRadius: 'privileged' },
      approval: APPROVAL,
    }
    const approved = await call('identity.create', admin)
    assert.deepEqual([approved.tier, approved.state, approved.approvedBy], ['high', 'active', APPROVAL])
    assert.deepEqual(
      inventory.spent.map(({ operation, need }) => [operation, need]),
      [['inventory.identity.create', 'security-and-owner']],
    )
  },
)

onEveryEngine(
  'what an identity creates is its child: same owner and environment, no wider, no later, no other parent',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    await call('team.create', team('other'))
    const parent = await call('identity.create', bot('agent-one'))
    await call('identity.create', bot('agent-two'))
    const caller = identityCaller(parent.id, 'agent-one')
    const { owner: _, ...child } = { ...bot('child'), expiresAt: '10d', reviewAt: '10d' }
    const made = await call('identity.create', child, caller)
    assert.deepEqual([made.parent, made.owner.name, made.createdBy], [parent.id, 'payments', parent.id])
    const refused = (input: object, code: string) =>
      assert.rejects(() => call('identity.create', { ...child, name: 'next', ...input }, caller), { code })
    await refused({ parent: 'agent-two' }, 'parent_not_caller')
    await refused({ owner: 'other' }, 'exceeds_parent')
    await refused({ environment: 'dev' }, 'exceeds_parent')
    await refused({ expiresAt: '181d' }, 'exceeds_parent')
    await refused({ classification: { ...child.classification, blastRadius: 'write-limited' } }, 'exceeds_parent')
  },
)

onEveryEngine(
  'whether an identity may make a child is judged by its own team where it names neither owner nor parent',
  async (room) => {
    const inventory = openInventory(room)
    const owner = await inventory.call('team.create', team())
    const parent = await inventory.call('identity.create', bot('agent-one'))
    const { owner: _, ...input } = bot('child')
    const caller = identityCaller(parent.id, 'agent-one')
    const plugged = createIdentity(inventory.ports)
    const about = await room.database.write(async (tx: AnyTx) =>
      plugged.on({ tx, input, caller, now: room.clock.now(), newId: (prefix: string) => prefix, sees: () => true }),
    )
    assert.equal(about.team, owner.id)
  },
)

onEveryEngine('an identity has at most 20 children, and three generations below it', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  await call('identity.create', bot('root'))
  for (let i = 0; i < 20; i++) await call('identity.create', { ...bot(`child-${i}`), parent: 'root' })
  await assert.rejects(() => call('identity.create', { ...bot('one-more'), parent: 'root' }), {
    code: 'children_capped',
  })
  await call('identity.create', { ...bot('second'), parent: 'child-0' })
  await call('identity.create', { ...bot('third'), parent: 'second' })
  await assert.rejects(() => call('identity.create', { ...bot('fourth'), parent: 'third' }), {
    code: 'children_capped',
  })
})

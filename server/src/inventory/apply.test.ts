import assert from 'node:assert/strict'
import { APPROVAL, bot, openInventory, team } from '../../test/inventory.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { Needed } from '../settings.ts'
import { applyIdentity, applyTeam } from './apply.ts'
import { findSubject } from './find-subject.ts'
import { markUsed } from './store-use.ts'

const given = (room: Room, approval?: string) => ({
  by: 'per_test_admin',
  now: room.clock.now(),
  newId: (prefix: string) => room.random.id(prefix),
  approval,
  need: () => undefined,
})

onEveryEngine(
  'applying a declaration creates it, applying it again changes nothing, and a difference is changed',
  async (room) => {
    const { call, ports } = openInventory(room)
    const apply = {
      team: (declared: object) => room.database.write((tx) => applyTeam(tx, declared, given(room))),
      identity: (declared: object) => room.database.write((tx) => applyIdentity(ports, tx, declared, given(room))),
    }
    assert.equal((await apply.team(team())).verb, 'created')
    assert.equal((await apply.team(team())).verb, 'unchanged')
    const changedTeam = await apply.team({ ...team(), businessUnit: 'retail' })
    assert.deepEqual(
      [changedTeam.verb, changedTeam.fields],
      ['changed', [{ field: 'businessUnit', before: 'commerce', after: 'retail' }]],
    )
    const made = await apply.identity(bot())
    assert.deepEqual(
      [made.verb, made.name, made.signals],
      ['created', 'orders-sync', [{ topic: 'identity', key: made.id }]],
    )
    const first = await call('identity.show', { identity: made.id })
    room.clock.advance(30 * 86_400_000)
    const { tags, ...rest } = bot()
    const reordered = { ...rest, tags: Object.fromEntries(Object.entries(tags).reverse()) }
    const again = await apply.identity(reordered)
    assert.deepEqual([again.verb, again.fields, again.signals], ['unchanged', [], []])
    assert.deepEqual(await call('identity.show', { identity: made.id }), first)
    const changed = await apply.identity({ ...bot(), purpose: 'moves invoices', expiresAt: '200d' })
    assert.deepEqual([changed.verb, changed.fields.map(({ field }) => field)], ['changed', ['expiresAt', 'purpose']])
  },
)

onEveryEngine('a declaration is held to the rules of creation, and to what is fixed', async (room) => {
  const needed: Needed[] = []
  const apply = (declared: object, approval?: string) =>
    room.database.write((tx) =>
      applyIdentity(ports, tx, declared, { ...given(room, approval), need: (one) => void needed.push(one) }),
    )
  const { call, ports } = openInventory(room)
  await room.database.write((tx) => applyTeam(tx, team(), given(room)))
  const { purpose: _, ...incomplete } = bot()
  await assert.rejects(() => apply(incomplete), { code: 'invalid_input', message: /purpose is mandatory/ })
  await assert.rejects(() => apply({ ...bot(), tier: 'low' }), { code: 'invalid_input' })
  await assert.rejects(() => apply({ ...bot(), owner: 'nobody' }), { code: 'not_found' })
  await assert.rejects(() => room.database.write((tx) => applyTeam(tx, { name: 'x' }, given(room))), {
    code: 'invalid_input',
  })
  await apply(bot())
  await assert.rejects(() => apply({ ...bot(), environment: 'dev' }), { code: 'field_immutable' })
  await assert.rejects(() => apply({ ...bot(), kind: 'agent' }), { code: 'field_immutable' })
  const writer = { ...bot(), classification: { ...bot().classification, blastRadius: 'write-limited' } }
  assert.equal((await apply(writer, APPROVAL)).verb, 'changed')
  const [first] = needed.splice(0)
  assert.deepEqual([first?.need, first?.why], ['one', ['orders-sync becomes of medium tier']])
  await apply({ ...writer, name: 'waiting' })
  await apply({ ...writer, name: 'approved' }, APPROVAL)
  assert.deepEqual(
    needed.map(({ why }) => why),
    [['approved is of medium tier']],
  )
  assert.equal((await findSubject(room.database.reader, 'waiting'))?.state, 'requested')
  assert.equal((await findSubject(room.database.reader, 'approved'))?.state, 'active')
  await call('identity.retire', { identity: 'waiting', reason: 'not needed' })
  await assert.rejects(() => apply({ ...writer, name: 'waiting' }), { code: 'wrong_state' })
})

onEveryEngine('the last use only moves forward, and never beyond now', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  const { id } = await call('identity.create', bot())
  await call('identity.create', bot('never-used'))
  const now = room.clock.now()
  const mark = (identity: string, ms: number) => ({ identity, at: new Date(now.getTime() + ms) })
  const lastUsed = async () => (await call('identity.show', { identity: id })).lastUsedAt
  await room.database.write((tx) => markUsed(tx, [mark(id, -5000), mark(id, -1000), mark('nhi_gone', 0)], now))
  assert.equal(await lastUsed(), '2026-11-22T11:59:59.000Z')
  await room.database.write((tx) => markUsed(tx, [mark(id, -60_000)], now))
  assert.equal(await lastUsed(), '2026-11-22T11:59:59.000Z')
  await room.database.write((tx) => markUsed(tx, [mark(id, 3_600_000)], now))
  assert.equal(await lastUsed(), now.toISOString())
  await room.database.write((tx) => markUsed(tx, [], now))
  const many = Array.from({ length: 2500 }, (_, i) => mark(`nhi_${i}`, 0))
  await room.database.write((tx) => markUsed(tx, many, now))
  assert.equal((await call('identity.show', { identity: 'never-used' })).lastUsedAt, null)
})

onEveryEngine('other rooms find an identity by id or name, with its effective class and its owner', async (room) => {
  const { call } = openInventory(room)
  const owner = await call('team.create', team())
  const made = await call('identity.create', {
    ...bot(),
    workflow: { name: 'nightly', repository: 'git.example.com/orders' },
  })
  const found = await findSubject(room.database.reader, 'orders-sync')
  assert.deepEqual(found, {
    id: made.id,
    name: 'orders-sync',
    kind: 'bot',
    state: 'active',
    tier: 'low',
    environment: 'production',
    owner: { id: owner.id, name: 'payments', isActive: true },
    functions: ['sync'],
    boundary: 'internal',
    blastRadius: 'read-only',
    workflow: { name: 'nightly', repository: 'git.example.com/orders' },
    pipeline: null,
    parent: null,
    tags: bot().tags,
    expiresAt: new Date('2027-05-21T12:00:00.000Z'),
  })
  assert.deepEqual(await findSubject(room.database.reader, made.id), found)
  assert.equal(await findSubject(room.database.reader, 'nobody'), undefined)
})

import assert from 'node:assert/strict'
import { openLifecycle, personCaller } from '../../../test/lifecycle.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { findException } from '../index.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const ann = personCaller('per_ann', { role: 'approver', team: 'team_a' })
const bo = personCaller('per_bo', { role: 'approver', team: 'team_a' })
const sec = personCaller('per_sec', { role: 'approver', team: null })
const ownerB = personCaller('per_ob', { role: 'owner', team: 'team_b' })

onEveryEngine('an exception needs an approval, is found while it is in force, and ends', async (room, t) => {
  const { call, join } = openLifecycle(room)
  const { clock, database } = room
  await join(ann, bo, sec, ownerB)
  const find = () => findException(database.reader, 'credential.api_key', 'nhi_low', clock.now())
  const input = (days: number) => ({
    kind: 'credential.api_key',
    subject: 'nhi_low',
    reason: 'the vendor takes nothing else',
    expiresAt: new Date(clock.now().getTime() + days * DAY_MS).toISOString(),
  })
  const approved = async (given: object, ...others: readonly Parameters<typeof call>[2][]) => {
    const operation = 'lifecycle.exception.create'
    const { id, teams } = await call('approval.request', { operation, input: given, reason: 'x' }, ann)
    assert.equal(teams[0], 'team_a')
    for (const by of [bo, ...others]) await call('approval.approve', { approval: id }, by)
    return { ...given, approval: id }
  }

  await t.test('without one it is refused, and nothing is allowed', async () => {
    await assert.rejects(call('exception.create', input(7), ann), { code: 'approval_required' })
    assert.equal(await find(), undefined)
  })
  await t.test('with one it is in force until its expiry', async () => {
    const made = await call('exception.create', await approved(input(7)), ann)
    assert.equal((await find())?.id, made.id)
    clock.advance(7 * DAY_MS)
    assert.equal(await find(), undefined)
    await assert.rejects(call('exception.end', { exception: made.id, reason: 'x' }, ann), { code: 'exception_ended' })
    const inDays = await call('exception.create', await approved({ ...input(0), expiresAt: '7d' }), ann)
    assert.equal(inDays.expiresAt, input(7).expiresAt)
    await call('exception.end', { exception: inDays.id, reason: 'x' }, ann)
  })
  await t.test('of a name, or of nobody, it would lift nothing, and is not made', async () => {
    for (const subject of ['orders-low', 'nhi_none', '/res_1'])
      await assert.rejects(call('exception.create', { ...input(7), subject }, sec), { code: 'invalid_input' })
  })
  await t.test('it lives for 180 days at most, and does not begin in the past', async () => {
    for (const days of [181, 0, -1])
      await assert.rejects(call('exception.create', input(days), ann), { code: 'expiry_out_of_range' })
  })
  await t.test('the approval of one is good for no other', async () => {
    const good = await approved(input(7))
    const other = { ...good, subject: 'nhi_high' }
    await assert.rejects(call('exception.create', other, ann), { code: 'approval_mismatch' })
    await call('exception.create', good, ann)
    await assert.rejects(call('exception.create', good, ann), { code: 'approval_used' })
    const late = await approved(input(30))
    clock.advance(DAY_MS)
    await assert.rejects(call('exception.create', late, ann), { code: 'approval_expired' })
  })
  await t.test('it ends before its expiry when somebody ends it, with a reason', async () => {
    const { id } = (await find()) ?? { id: '' }
    const ended = await call('exception.end', { exception: id, reason: 'moved to mTLS' }, ann)
    assert.deepEqual([ended.endedBy, ended.endedReason], ['per_ann', 'moved to mTLS'])
    assert.equal(await find(), undefined)
    await assert.rejects(call('exception.end', { exception: 'exc_x', reason: 'x' }, ann), { code: 'not_found' })
  })
  await t.test('one about an identity and a resource is told to every memory', async () => {
    const told: string[] = []
    for (const topic of ['exception', 'identity'])
      room.changes.follow(topic, {
        changed: (keys) => void told.push(...keys.map((key) => `${topic} ${key}`)),
        reset: () => undefined,
      })
    const given = { ...input(1), kind: 'environment-isolation', subject: 'nhi_low/res_1' }
    const { id } = await call('exception.create', await approved(given, sec, ownerB), ann)
    assert.deepEqual(told, ['exception nhi_low/res_1', 'identity nhi_low'])
    await call('exception.end', { exception: id, reason: 'done' }, ann)
    assert.equal(told.length, 4)
  })
  await t.test('one that crosses environments takes security and the owners of both sides', async () => {
    const operation = 'lifecycle.exception.create'
    const given = { ...input(1), kind: 'environment-isolation', subject: 'nhi_low/res_1' }
    const asked = await call('approval.request', { operation, input: given, reason: 'x' }, ann)
    assert.deepEqual([asked.need, asked.teams], ['security-and-owner', ['team_a', 'team_b']])
    const approve = async (by: typeof ann) => (await call('approval.approve', { approval: asked.id }, by)).state
    assert.deepEqual(
      [await approve(bo), await approve(sec), await approve(ownerB)],
      ['requested', 'requested', 'approved'],
    )
    const unowned = { ...given, subject: 'nhi_low/orders-api' }
    const other = await call('approval.request', { operation, input: unowned, reason: 'x' }, ann)
    assert.deepEqual(other.teams, [null, 'team_a'], 'a name is no id, so nobody is taken for its owner')
  })
  await t.test('the list narrows and pages, newest first', async () => {
    await call('exception.create', await approved(input(3)), ann)
    const all = await call('exception.list', {})
    const inForce = await call('exception.list', { inForce: true, kind: 'credential.api_key', subject: 'nhi_low' })
    assert.deepEqual([all.items.length, inForce.items.length], [5, 1])
    const first = await call('exception.list', { limit: 1 })
    const rest = await call('exception.list', { limit: 5, cursor: first.nextCursor })
    assert.deepEqual([first.items[0].id, rest.items.length], [all.items[0].id, 4])
    await assert.rejects(call('exception.list', { inForce: true, cursor: first.nextCursor }), { code: 'bad_cursor' })
  })
})

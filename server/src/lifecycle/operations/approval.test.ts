import assert from 'node:assert/strict'
import {
  grantNeeds,
  identityCaller,
  type LifecycleRoom,
  newDevice,
  nobody,
  openLifecycle,
  personCaller,
} from '../../../test/lifecycle.ts'
import { adminCaller, onEveryEngine, type Room } from '../../../test/room.ts'
import type { AnyTx } from '../../kit/database.ts'
import { Fault } from '../../kit/fault.ts'
import { forgetOver, whyApproval } from '../index.ts'
import { type Spend, spendApproval } from '../spend-approval.ts'

const HOUR_MS = 60 * 60 * 1000
const GRANT = 'policy.grant.create'
const LOW = { identity: 'nhi_low', resource: 'res_1', actions: ['*'] }
const HIGH = { identity: 'nhi_high', resource: 'res_1', actions: ['*'] }

const ann = personCaller('per_ann', { role: 'owner', team: 'team_a' })
const approver = (id: string, team: string | null) => personCaller(id, { role: 'approver', team })
const security = approver('per_sec', null)
const approverA = approver('per_aa', 'team_a')
const approverB = approver('per_bb', 'team_b')
const ownerA = personCaller('per_oa', { role: 'owner', team: 'team_a' })

const request = (lifecycle: LifecycleRoom, input: object, over = {}) =>
  lifecycle.call('approval.request', { operation: GRANT, input, reason: 'for the release', ...over }, ann)

const spend = (room: Room, over: Partial<Spend>) =>
  room.database.write((tx: AnyTx) =>
    spendApproval(tx, {
      approval: undefined,
      operation: GRANT,
      input: LOW,
      requester: 'per_ann',
      needed: grantNeeds(Object(over.input ?? LOW)),
      now: room.clock.now(),
      ...over,
    }),
  )

onEveryEngine('an approval is asked for, given by somebody else, and spent once on exactly that', async (room, t) => {
  const lifecycle = openLifecycle(room)
  const { call } = lifecycle
  await lifecycle.join(ann, security, approver('per_sec2', null), approverA, ownerA)
  const approve = (id: string, by: Parameters<typeof call>[2]) => call('approval.approve', { approval: id }, by)

  await t.test('what needs one says how to get it, without repeating what it was given', async () => {
    const error: unknown = await spend(room, { input: { secret: 'hunter2' } }).catch((reason: unknown) => reason)
    assert.ok(error instanceof Fault && error.code === 'approval_required')
    assert.match(error.fix, /reeve request policy\.grant\.create --body FILE/)
    assert.doesNotMatch(error.fix + error.message, /hunter2/)
    await assert.rejects(spend(room, { approval: 'apr_none' }), { code: 'approval_required' })
  })
  await t.test('an approver of the owning team or of everything is enough for what is not of high risk', async () => {
    for (const by of [approverA, security]) {
      const { id, state, need, teams } = await request(lifecycle, LOW)
      assert.deepEqual([state, need, teams], ['requested', 'one', ['team_a']])
      await assert.rejects(spend(room, { approval: id }), { code: 'approval_required' })
      assert.equal((await approve(id, by)).state, 'approved')
      assert.deepEqual(await spend(room, { approval: id }), { id })
      await assert.rejects(spend(room, { approval: id }), { code: 'approval_used' })
      assert.equal((await call('approval.show', { approval: id })).state, 'used')
      const reason = await whyApproval(room.database.reader, id, room.clock.now())
      assert.match(reason?.summary ?? '', /asked for the approval of policy\.grant\.create: it is used$/)
      assert.match(
        reason?.because.join('\n') ?? '',
        /: for the release\n.*said approve at .*\nit was used at .*, once$/s,
      )
      assert.equal(await whyApproval(room.database.reader, 'apr_none', room.clock.now()), undefined)
    }
  })
  await t.test('nobody approves their own request, and nobody without a say', async () => {
    const { id } = await request(lifecycle, LOW)
    const both = personCaller('per_ann', { role: 'approver', team: null })
    await assert.rejects(approve(id, both), { code: 'approver_is_requester' })
    for (const by of [approverB, personCaller('per_v', { role: 'viewer', team: null }), personCaller('per_none')])
      await assert.rejects(approve(id, by), { code: 'not_an_approver' })
    await assert.rejects(approve(id, identityCaller('nhi_low')), { code: 'wrong_principal_type' })
    await assert.rejects(approve('apr_x', security), { code: 'not_found' })
    assert.equal((await approve(id, ownerA)).state, 'requested')
    await assert.rejects(approve(id, ownerA), { code: 'approval_voted' })
    assert.equal((await approve(id, approverA)).state, 'approved')
    await assert.rejects(approve(id, security), { code: 'approval_decided' })
  })
  await t.test('one refusal refuses, with its reason', async () => {
    const { id } = await request(lifecycle, LOW)
    await assert.rejects(call('approval.refuse', { approval: id }, approverA), { code: 'invalid_input' })
    const refused = await call('approval.refuse', { approval: id, reason: 'too wide' }, approverA)
    assert.deepEqual([refused.state, refused.votes[0].reason], ['refused', 'too wide'])
    await assert.rejects(approve(id, security), { code: 'approval_decided' })
    await assert.rejects(spend(room, { approval: id }), { code: 'approval_required' })
  })
  await t.test('high risk takes a security approver and the owning team, two people', async () => {
    const { id, need } = await request(lifecycle, HIGH)
    assert.equal(need, 'security-and-owner')
    assert.equal((await approve(id, security)).state, 'requested')
    assert.equal((await approve(id, approver('per_sec2', null))).state, 'requested')
    assert.equal((await approve(id, ownerA)).state, 'approved')
    await spend(room, { approval: id, input: HIGH })
  })
  await t.test('what moves an identity to another team is asked of the team that gets it', async () => {
    const { teams } = await request(lifecycle, { identity: 'nhi_low', owner: 'team_b' })
    assert.deepEqual(teams, ['team_b'])
  })
  await t.test('one person with both roles is not two', async () => {
    const { id } = await request(lifecycle, HIGH)
    const both = personCaller('per_both', { role: 'approver', team: null }, { role: 'owner', team: 'team_a' })
    await lifecycle.join(both)
    assert.equal((await approve(id, both)).state, 'requested')
  })
  await t.test('it is good for that input, that operation and that requester alone', async () => {
    const { id } = await request(lifecycle, LOW)
    await approve(id, approverA)
    for (const over of [
      { input: { ...LOW, actions: ['read'] } },
      { input: { ...LOW, more: 1 } },
      { operation: 'policy.bundle.create' },
    ])
      await assert.rejects(spend(room, { approval: id, ...over }), { code: 'approval_mismatch' })
    const absent = await spend(room, { approval: 'apr_absent' }).catch((error: unknown) => error)
    // To anybody but its requester it is as if it did not exist.
    for (const requester of ['per_other', null])
      assert.deepEqual(await spend(room, { approval: id, requester }).catch((error: unknown) => error), absent)
    await spend(room, { approval: id, input: { ...LOW, approval: id, nothing: undefined } })
  })
  await t.test('who owns the thing is judged again where it is spent, and so is who must approve', async () => {
    const { id } = await request(lifecycle, LOW)
    await approve(id, approverA)
    const needed = grantNeeds(LOW)
    for (const more of [{ teams: ['team_b'] }, { need: 'security-and-owner' as const }, { why: ['something else'] }])
      await assert.rejects(spend(room, { approval: id, needed: { ...needed, ...more } }), { code: 'approval_outgrown' })
    await spend(room, { approval: id })
  })
  await t.test('it expires, asked for or given', async () => {
    const asked = await request(lifecycle, LOW, { expiresInHours: 1 })
    const given = await request(lifecycle, LOW, { expiresInHours: 1 })
    await approve(given.id, approverA)
    room.clock.advance(HOUR_MS)
    await assert.rejects(approve(asked.id, approverA), { code: 'approval_expired' })
    await assert.rejects(spend(room, { approval: given.id }), { code: 'approval_expired' })
    assert.equal((await call('approval.show', { approval: given.id })).state, 'expired')
    await assert.rejects(request(lifecycle, LOW, { expiresInHours: 7 * 24 + 1 }), { code: 'invalid_input' })
  })
  await t.test(
    'a request for an operation that is not there, or with input that does not fit, is refused',
    async () => {
      const none = call('approval.request', { operation: 'a.b.c', input: {}, reason: 'x' }, ann)
      await assert.rejects(none, { code: 'unknown_operation' })
      const bad = { operation: 'lifecycle.exception.create', input: { kind: 1 }, reason: 'x' }
      await assert.rejects(call('approval.request', bad, ann), { code: 'invalid_input' })
      await assert.rejects(request(lifecycle, { text: 'x'.repeat(70_000) }), { code: 'too_large' })
    },
  )
  await t.test('the list narrows and pages, newest first', async () => {
    const all = await call('approval.list', { limit: 200 })
    const first = await call('approval.list', { limit: 3 })
    const rest = await call('approval.list', { limit: 200, cursor: first.nextCursor })
    assert.deepEqual(
      [...first.items, ...rest.items].map(({ id }: { id: string }) => id),
      all.items.map(({ id }: { id: string }) => id),
    )
    const used = await call('approval.list', { state: 'used', team: 'team_a', requester: 'per_ann', operation: GRANT })
    assert.ok(used.items.length > 0 && used.items.every(({ state }: { state: string }) => state === 'used'))
    await assert.rejects(call('approval.list', { state: 'used', cursor: first.nextCursor }), { code: 'bad_cursor' })
  })
})

onEveryEngine('of 1,000 uses of one approval at once, exactly one is allowed', async (room) => {
  const lifecycle = openLifecycle(room)
  await lifecycle.join(approverA)
  const { id } = await request(lifecycle, LOW)
  await lifecycle.call('approval.approve', { approval: id }, approverA)
  const results = await Promise.allSettled(Array.from({ length: 1000 }, () => spend(room, { approval: id })))
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

onEveryEngine('two who approve at the same moment are two votes', async (room) => {
  const lifecycle = openLifecycle(room)
  await lifecycle.join(security, ownerA)
  for (let turn = 0; turn < 5; turn++) {
    const { id } = await request(lifecycle, HIGH)
    await Promise.all([security, ownerA].map((by) => lifecycle.call('approval.approve', { approval: id }, by)))
    assert.equal((await lifecycle.call('approval.show', { approval: id })).state, 'approved')
  }
})

onEveryEngine(
  'a vote counts only while its voter is here and holds the role that it was cast with',
  async (room, t) => {
    const lifecycle = openLifecycle(room)
    const { call } = lifecycle
    await lifecycle.join(security, approverA, ownerA, approver('per_late', null))
    await lifecycle.join(approver('per_stays', null), approver('per_stays_too', null))
    const agreed = (name: string, input: object) =>
      lifecycle.agreed(name, input, adminCaller, approver('per_stays', null))
    const approve = (id: string, by: Parameters<typeof call>[2]) => call('approval.approve', { approval: id }, by)

    await t.test('an approval of somebody who lost the role is not spent', async () => {
      const { id } = await request(lifecycle, LOW)
      assert.equal((await approve(id, approverA)).state, 'approved')
      await call('person.change', { person: 'per_aa', roles: [{ role: 'viewer' }] })
      await assert.rejects(spend(room, { approval: id }), { code: 'approval_mismatch' })
      await agreed('person.change', { person: 'per_aa', roles: [{ role: 'approver', team: 'team_a' }] })
      await spend(room, { approval: id })
    })
    await t.test('an approval of somebody who was removed is not spent', async () => {
      const { id } = await request(lifecycle, LOW)
      assert.equal((await approve(id, security)).state, 'approved')
      await agreed('person.remove', { person: 'per_sec', reason: 'left' })
      await assert.rejects(spend(room, { approval: id }), { code: 'approval_mismatch' })
    })
    await t.test('of two who must approve, one who left in between is not one of them', async () => {
      const { id } = await request(lifecycle, HIGH)
      await approve(id, approver('per_late', null))
      await agreed('person.remove', { person: 'per_late', reason: 'left' })
      assert.equal((await approve(id, ownerA)).state, 'requested')
    })
  },
)

onEveryEngine('nobody approves their own request by somebody whom they made an approver', async (room, t) => {
  const lifecycle = openLifecycle(room)
  const { call } = lifecycle
  const asAdmin = async (input: object) =>
    (await call('approval.request', { operation: GRANT, input, reason: 'for me' })).id
  const approve = (id: string, by: Parameters<typeof call>[2]) => call('approval.approve', { approval: id }, by)
  const spendAsAdmin = (approval: string) => spend(room, { approval, requester: adminCaller.actor.id })
  const enrol = async (name: string, roles: readonly object[]) => {
    const { code } = await call('person.invite', { roles })
    const made = { code, key: newDevice().jwk, name, email: `${name}@example.com` }
    const { id } = await call('person.enrol', made, nobody)
    return approver(id, null)
  }
  const puppet = await enrol('puppet', [{ role: 'approver' }])

  await t.test('the first second person counts, while nobody else could approve', async () => {
    const id = await asAdmin(LOW)
    assert.equal((await approve(id, puppet)).state, 'approved')
    await spendAsAdmin(id)
  })
  const early = await asAdmin(LOW)
  await approve(early, puppet)
  await lifecycle.join(security)
  await t.test('whom the requester invited does not count, also not for a vote of before', async () => {
    await assert.rejects(approve(await asAdmin(LOW), puppet), { code: 'not_an_approver' })
    await assert.rejects(spendAsAdmin(early), { code: 'approval_mismatch' })
  })
  await t.test('whom the requester invited stays so when roles are given again by themselves', async () => {
    const other = personCaller('per_other_admin', { role: 'admin', team: null })
    await call('person.change', { person: puppet.actor.id, roles: [] }, other)
    await call('person.change', { person: puppet.actor.id, roles: [{ role: 'approver' }] }, other)
    await assert.rejects(approve(await asAdmin(LOW), puppet), { code: 'not_an_approver' })
  })
  await t.test('a role that the requester gave does not count, and one that was there before does', async () => {
    await lifecycle.join(personCaller('per_viewer', { role: 'viewer', team: null }), approver('per_sec2', null))
    const change = { person: 'per_viewer', roles: [{ role: 'approver' }] }
    await lifecycle.agreed('person.change', change, adminCaller, approver('per_sec2', null))
    await assert.rejects(approve(await asAdmin(LOW), approver('per_viewer', null)), { code: 'not_an_approver' })
    await call('person.change', { person: 'per_sec2', roles: [{ role: 'approver' }, { role: 'viewer' }] })
    const id = await asAdmin(LOW)
    assert.equal((await approve(id, approver('per_sec2', null))).state, 'approved')
    await spendAsAdmin(id)
  })
  await t.test('they count for what others ask for, and may refuse what the requester asks for', async () => {
    const { id } = await request(lifecycle, LOW)
    assert.equal((await approve(id, puppet)).state, 'approved')
    const mine = await asAdmin(LOW)
    assert.equal((await call('approval.refuse', { approval: mine, reason: 'no' }, puppet)).state, 'refused')
  })
})

onEveryEngine(
  'what was asked for and never used is forgotten a month after it ended, and what was used is not',
  async (room) => {
    const lifecycle = openLifecycle(room)
    const { call } = lifecycle
    await lifecycle.join(ann, security, approver('per_sec2', null))
    const ask = async () => (await request(lifecycle, LOW, { expiresInHours: 1 })).id
    const [used, approved, refused, requested] = [await ask(), await ask(), await ask(), await ask()]
    for (const id of [used, approved]) await call('approval.approve', { approval: id }, security)
    await call('approval.refuse', { approval: refused, reason: 'no' }, security)
    await spend(room, { approval: used })
    const kept = async () => {
      const of = async (table: string) =>
        (await room.database.reader.selectFrom(table).select('approval').execute()).map((row) => String(row.approval))
      const { items } = await call('approval.list', {})
      const ids: string[] = items.map(({ id }: { id: string }) => id)
      return [ids, await of('lifecycle_vote'), await of('lifecycle_approval_team')].map((each) => each.toSorted())
    }
    const before = await kept()
    assert.deepEqual(before[0], [used, approved, refused, requested].toSorted())
    const after = (days: number) => new Date(room.clock.now().getTime() + HOUR_MS + days * 24 * HOUR_MS)
    await forgetOver(room.database).run(after(29))
    assert.deepEqual(await kept(), before)
    await forgetOver(room.database).run(after(31))
    assert.deepEqual(await kept(), [[used], [used], [used]])
  },
)

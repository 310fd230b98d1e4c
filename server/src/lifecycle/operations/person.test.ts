import assert from 'node:assert/strict'
import { identityCaller, newDevice, nobody, openLifecycle, personCaller } from '../../../test/lifecycle.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { firstAdminCode, newAdminCode } from '../index.ts'

const HOUR_MS = 60 * 60 * 1000

onEveryEngine(
  'the first admin enrols with the code of the first start, and only while there is none',
  async (room, t) => {
    const { call } = openLifecycle(room)
    const { database, clock, random } = room
    const device = newDevice()
    const enrol = (code: unknown, over = {}) =>
      call('person.enrol', { code, key: device.jwk, name: 'Ada', email: 'Ada@Example.com', ...over }, nobody)
    const code = await firstAdminCode(database, clock.now(), random, 'srv_1')

    await t.test('a code of which a character is wrong is refused', async () => {
      const wrong = `${code?.slice(0, -1)}${code?.endsWith('0') ? '1' : '0'}`
      for (const bad of [wrong, 'reeve_ec_x', code?.replace('_ec_', '_ps_'), '']) {
        const due = bad === '' ? 'invalid_input' : 'enrolment_code_invalid'
        await assert.rejects(enrol(bad), { code: due })
      }
    })
    await t.test('a key that is private, on no curve or of another kind is refused', async () => {
      const private_ = { ...device.jwk, d: device.jwk.x }
      const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB' }
      for (const key of [private_, rsa, {}, { ...device.jwk, crv: 'P-384' }])
        await assert.rejects(enrol(code, { key }), { code: 'invalid_input' })
      await assert.rejects(enrol(code, { key: { ...device.jwk, y: device.jwk.x } }), { code: 'device_key_invalid' })
    })
    await t.test('printing it again makes the earlier one void', async () => {
      const again = await firstAdminCode(database, clock.now(), random, 'srv_1')
      assert.notEqual(again, code)
      await assert.rejects(enrol(code), { code: 'enrolment_code_invalid' })
      clock.advance(HOUR_MS)
      await assert.rejects(enrol(again), { code: 'enrolment_code_expired' })
    })
    await t.test('it makes an admin of everything, once, and the code of another replica none after it', async () => {
      const fresh = await firstAdminCode(database, clock.now(), random, 'srv_1')
      const ofOther = await firstAdminCode(database, clock.now(), random, 'srv_2')
      const person = await enrol(fresh)
      await assert.rejects(enrol(ofOther, { email: 'bo@example.com' }), { code: 'enrolment_code_invalid' })
      assert.deepEqual(person.roles, [{ role: 'admin', team: null }])
      assert.equal(person.email, 'ada@example.com')
      await assert.rejects(enrol(fresh), { code: 'enrolment_code_used' })
      assert.equal(await firstAdminCode(database, clock.now(), random, 'srv_1'), undefined)
    })
    await t.test('the code of whoever has the machine makes another admin, also when there is one', async () => {
      const recovery = await newAdminCode(database, clock.now(), random)
      await assert.rejects(enrol(recovery), { code: 'email_taken' })
      await assert.rejects(enrol(recovery, { email: 'bo@example.com' }), { code: 'device_key_taken' })
      const other = newDevice('EdDSA')
      const person = await enrol(recovery, { email: 'bo@example.com', key: other.jwk })
      assert.deepEqual(person.roles, [{ role: 'admin', team: null }])
    })
    await t.test('no code, hash or address is in any event', async () => {
      const text = JSON.stringify(await room.events())
      assert.ok(!text.includes('reeve_ec_') && !text.includes('example.com'))
      const kinds = (await room.events()).map(({ kind, outcome }) => `${kind} ${outcome}`)
      assert.ok(kinds.includes('lifecycle.person.invite done') && kinds.includes('lifecycle.person.enrol done'))
    })
  },
)

onEveryEngine(
  'an admin invites, shows, lists, changes and removes people, and never the last admin',
  async (room, t) => {
    const { call, agreed, enrolAdmin } = openLifecycle(room)
    const { person: ada } = await enrolAdmin()
    const admin = personCaller(ada.id, { role: 'admin', team: null })
    const invited = async (roles: unknown, email: string, by = admin) => {
      const { code } = await call('person.invite', { roles }, by)
      return call('person.enrol', { code, key: newDevice().jwk, name: 'Somebody', email }, nobody)
    }

    await t.test('an invited person has the roles of the invitation', async () => {
      const bo = await invited([{ role: 'owner', team: 'team_a' }, { role: 'viewer' }], 'bo@example.com')
      assert.deepEqual(bo.roles, [
        { role: 'owner', team: 'team_a' },
        { role: 'viewer', team: null },
      ])
      assert.deepEqual((await call('person.show', { person: bo.id }, admin)).roles, bo.roles)
      assert.equal((await call('person.show', {}, admin)).id, ada.id)
    })
    await t.test('an invitation expires, and is refused for a team that is not there', async () => {
      await assert.rejects(invited([{ role: 'owner', team: 'team_x' }], 'x@example.com'), { code: 'team_unknown' })
      const { code } = await call('person.invite', { roles: [{ role: 'viewer' }], expiresInHours: 1 }, admin)
      room.clock.advance(HOUR_MS)
      const late = { code, key: newDevice().jwk, name: 'Late', email: 'late@example.com' }
      await assert.rejects(call('person.enrol', late, nobody), { code: 'enrolment_code_expired' })
    })
    await t.test('the last admin of everything is neither removed nor demoted', async () => {
      await assert.rejects(call('person.remove', { person: ada.id, reason: 'leaves' }, admin), { code: 'last_admin' })
      await assert.rejects(call('person.change', { person: ada.id, roles: [] }, admin), { code: 'last_admin' })
    })
    const ed = await invited([{ role: 'admin' }], 'ed@example.com')
    const edAsAdmin = personCaller(ed.id, { role: 'admin', team: null })
    await t.test('an admin of a team gives and takes roles in that team alone', async () => {
      const cy = await invited([{ role: 'viewer', team: 'team_a' }], 'cy@example.com')
      await agreed('person.change', { person: cy.id, roles: [{ role: 'admin', team: 'team_a' }] }, admin, edAsAdmin)
      const teamAdmin = personCaller(cy.id, { role: 'admin', team: 'team_a' })
      const di = await invited([{ role: 'viewer', team: 'team_a' }], 'di@example.com', teamAdmin)
      for (const roles of [[{ role: 'viewer' }], [{ role: 'viewer', team: 'team_b' }], [{ role: 'admin' }]]) {
        await assert.rejects(call('person.invite', { roles }, teamAdmin), { code: 'role_beyond_yours' })
        await assert.rejects(call('person.change', { person: di.id, roles }, teamAdmin), { code: 'role_beyond_yours' })
      }
      await assert.rejects(call('person.remove', { person: ada.id, reason: 'coup' }, teamAdmin), {
        code: 'role_beyond_yours',
      })
    })
    await t.test('the list pages through everybody, and its cursor is good for no other list', async () => {
      const first = await call('person.list', { limit: 2 }, admin)
      const second = await call('person.list', { limit: 200, cursor: first.nextCursor }, admin)
      assert.deepEqual([first.items.length, second.items.length, second.nextCursor], [2, 3, null])
      const other = { limit: 2, state: 'removed', cursor: first.nextCursor }
      await assert.rejects(call('person.list', other, admin), { code: 'bad_cursor' })
    })
    await t.test('who was removed may come back, and what they invited before is void', async () => {
      const fay = await invited([{ role: 'viewer' }], 'fay@example.com')
      const faye = personCaller(fay.id, { role: 'admin', team: null })
      await agreed('person.change', { person: fay.id, roles: [{ role: 'admin' }] }, admin, edAsAdmin)
      const { code } = await call('person.invite', { roles: [{ role: 'viewer' }] }, faye)
      await agreed('person.remove', { person: fay.id, reason: 'left' }, admin, edAsAdmin)
      await assert.rejects(call('person.remove', { person: fay.id, reason: 'left' }, admin), { code: 'person_removed' })
      await assert.rejects(call('person.change', { person: fay.id, roles: [] }, admin), { code: 'person_removed' })
      const input = { code, key: newDevice().jwk, name: 'X', email: 'x@example.com' }
      await assert.rejects(call('person.enrol', input, nobody), { code: 'enrolment_code_invalid' })
      assert.equal((await invited([{ role: 'viewer' }], 'fay@example.com')).state, 'active')
    })
    await t.test('what is not there is not found, and an identity may ask for none of it', async () => {
      for (const [name, input] of [
        ['person.show', { person: 'per_x' }],
        ['person.change', { person: 'per_x', roles: [] }],
        ['person.remove', { person: 'per_x', reason: 'x' }],
      ] as const)
        await assert.rejects(call(name, input, admin), { code: 'not_found' })
      for (const name of ['person.invite', 'person.show', 'person.change', 'person.remove', 'person.enrol'])
        await assert.rejects(call(name, {}, identityCaller('nhi_low')), { code: 'wrong_principal_type' })
    })
  },
)

onEveryEngine('of 1,000 uses of one enrolment code at once, exactly one makes a person', async (room) => {
  const { call } = openLifecycle(room)
  const code = await firstAdminCode(room.database, room.clock.now(), room.random, 'srv_1')
  const devices = Array.from({ length: 10 }, () => newDevice())
  const results = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, at) => {
      const key = devices[at % devices.length]?.jwk
      return call('person.enrol', { code, key, name: 'Ada', email: `ada${at}@example.com` }, nobody)
    }),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const people = await room.database.reader.selectFrom('lifecycle_person').select('id').execute()
  assert.equal(people.length, 1)
})

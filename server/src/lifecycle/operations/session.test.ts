import assert from 'node:assert/strict'
import { codeOf } from '../../../test/fault-code.ts'
import { identityCaller, newDevice, nobody, openLifecycle, personCaller } from '../../../test/lifecycle.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { secretHash } from '../domain/secret-text.ts'
import { authenticateSession, createSessionGate, forgetOver } from '../index.ts'

const HOUR_MS = 60 * 60 * 1000

onEveryEngine('a session is opened by the key of an enrolled device and by nothing else', async (room, t) => {
  const lifecycle = openLifecycle(room)
  const { call, assertion } = lifecycle
  const { person, device } = await lifecycle.enrolAdmin()
  const open = (text: string, over = {}) => call('session.create', { assertion: text, ...over }, nobody)

  await t.test('a good assertion gives a token that proves the person', async () => {
    const session = await open(await assertion(device, person.id))
    assert.match(session.token, /^reeve_ps_[0-9A-Za-z]{49}$/)
    const caller = await authenticateSession(room.database.reader, session.token, room.clock.now())
    assert.deepEqual(caller.actor, { principalType: 'human', id: person.id, name: 'Ada' })
    assert.deepEqual(caller.roles, [{ role: 'admin', team: null }])
    assert.equal(caller.credential, session.id)
    assert.equal(new Date(session.expiresAt).getTime() - room.clock.now().getTime(), 8 * HOUR_MS)
  })
  await t.test('every bad assertion is refused in the same words', async () => {
    const now = Math.floor(room.clock.now().getTime() / 1000)
    const bad = [
      'nonsense',
      'a.b.c',
      await assertion(newDevice(), person.id),
      await assertion(device, 'per_nobody'),
      await assertion(device, person.id, { aud: 'https://elsewhere.example' }),
      await assertion(device, person.id, { aud: ['http://127.0.0.1:4650', 'https://elsewhere.example'] }),
      await assertion(device, person.id, { exp: now - 10 }),
      await assertion(device, person.id, { exp: now + 600 }),
      await assertion(device, person.id, { exp: undefined }),
      await assertion(device, person.id, { jti: undefined }),
      await assertion(device, person.id, { jti: 'x'.repeat(200) }),
      await assertion(device, person.id, { aud: undefined }),
      await assertion(device, person.id, { nbf: now + 60 }),
      unsigned(person.id, now),
      tampered(await assertion(device, person.id)),
    ]
    for (const [at, text] of bad.entries())
      assert.equal(await codeOf(open(text)), 'person_assertion_invalid', `assertion ${at}`)
  })
  await t.test('an assertion is good once, and its jti is one person’s own', async () => {
    const text = await assertion(device, person.id, { jti: 'same' })
    await open(text)
    assert.equal(await codeOf(open(text)), 'person_assertion_replayed')
    assert.equal(await codeOf(open(await assertion(device, person.id, { jti: 'same' }))), 'person_assertion_replayed')
  })
  await t.test('a session lives for at most 12 hours', async () => {
    const text = await assertion(device, person.id)
    await assert.rejects(open(text, { expiresInHours: 13 }), { code: 'invalid_input' })
    const short = await open(text, { expiresInHours: 1 })
    room.clock.advance(HOUR_MS)
    assert.equal(await codeOf(prove(room, short.token)), 'session_expired')
  })
  await t.test('an identity opens, lists and ends no session', async () => {
    for (const name of ['session.create', 'session.list', 'session.end'])
      await assert.rejects(call(name, { assertion: 'x' }, identityCaller('nhi_low')), { code: 'wrong_principal_type' })
  })
  await t.test('only the hash of a token is stored, and none is in an event', async () => {
    const { token } = await open(await assertion(device, person.id))
    const rows = JSON.stringify(await room.database.reader.selectFrom('lifecycle_session').selectAll().execute())
    assert.ok(!rows.includes(token) && !JSON.stringify(await room.events()).includes('reeve_ps_'))
  })
})

onEveryEngine('a session that is over proves nothing, whatever is remembered of it', async (room, t) => {
  const lifecycle = openLifecycle(room)
  const { call, assertion } = lifecycle
  const { person, device } = await lifecycle.enrolAdmin()
  const admin = personCaller(person.id, { role: 'admin', team: null })
  const gate = createSessionGate()
  room.changes.follow('session', gate.follower)
  const open = async () => call('session.create', { assertion: await assertion(device, person.id) }, nobody)
  const pass = (token: string) => gate.authenticate(room.database.reader, token, room.clock.now())

  await t.test('a mistyped, foreign or unknown token is refused', async () => {
    const { token } = await open()
    const unknown = token.replace(/.$/, (last: string) => (last === 'A' ? 'B' : 'A'))
    for (const bad of [unknown, '', 'reeve_ps_', `${token}x`, token.replace('_ps_', '_ec_')])
      assert.equal(await codeOf(pass(bad)), 'session_invalid')
  })
  await t.test('an ended one is refused at once', async () => {
    const { token, id } = await open()
    await pass(token)
    await call('session.end', {}, { ...admin, credential: id })
    assert.equal(await codeOf(pass(token)), 'session_ended')
    await assert.rejects(call('session.end', { session: id }, admin), { code: 'session_ended' })
    await assert.rejects(call('session.end', { session: 'ses_x' }, admin), { code: 'not_found' })
  })
  await t.test('one that is remembered still expires', async () => {
    const { token } = await open()
    await pass(token)
    room.clock.advance(8 * HOUR_MS)
    assert.equal(await codeOf(pass(token)), 'session_expired')
  })
  await t.test('new roles are those of the next call', async () => {
    const { token } = await open()
    assert.equal((await pass(token)).roles.length, 1)
    const roles = [{ role: 'admin' }, { role: 'owner', team: 'team_a' }]
    await call('person.change', { person: person.id, roles }, admin)
    assert.equal((await pass(token)).roles.length, 2)
  })
  await t.test('the list shows those in force, of oneself or of another', async () => {
    const { id } = await open()
    const mine = await call('session.list', {}, admin)
    assert.ok(mine.items.some((session: { id: string }) => session.id === id))
    const page = await call('session.list', { limit: 1, person: person.id }, admin)
    assert.equal((await call('session.list', { cursor: page.nextCursor, person: person.id }, admin)).items.length, 1)
    await assert.rejects(call('session.list', { person: 'per_x' }, admin), { code: 'not_found' })
  })
  await t.test('who is removed has no session left and opens none', async () => {
    const { token } = await open()
    await pass(token)
    const { code } = await call('person.invite', { roles: [{ role: 'admin' }] }, admin)
    const bo = { code, key: newDevice().jwk, name: 'Bo', email: 'bo@example.com' }
    const { id } = await call('person.enrol', bo, nobody)
    await lifecycle.join(personCaller('per_cy', { role: 'approver', team: null }))
    const boAsAdmin = personCaller(id, { role: 'admin', team: null })
    await lifecycle.agreed('person.remove', { person: person.id, reason: 'left' }, boAsAdmin, admin)
    assert.equal(await codeOf(pass(token)), 'session_ended')
    assert.equal(await codeOf(open()), 'person_assertion_invalid')
  })
  await t.test('it is forgotten a month after it ended, and not before', async () => {
    const count = async () => (await room.database.reader.selectFrom('lifecycle_session').select('id').execute()).length
    const before = await count()
    await forgetOver(room.database).run(new Date(room.clock.now().getTime() + 29 * 24 * HOUR_MS))
    assert.equal(await count(), before)
    await forgetOver(room.database).run(new Date(room.clock.now().getTime() + 31 * 24 * HOUR_MS))
    assert.equal(await count(), 0)
  })
})

onEveryEngine(
  'a narrowed session is narrowed wherever it is proven, and no session at all to a server of before',
  async (room, t) => {
    const { call, assertion, enrolAdmin } = openLifecycle(room)
    const { person, device } = await enrolAdmin()
    const narrowedTo = { directories: ['web'], may: 'plan' }
    const open = async (more: object) =>
      call('session.create', { assertion: await assertion(device, person.id), ...more }, nobody)
    const { token, ...opened } = await open({ narrowedTo })
    assert.deepEqual(opened.narrowedTo, narrowedTo)
    assert.deepEqual((await prove(room, token)).narrowedTo, narrowedTo)
    assert.equal((await prove(room, (await open({})).token)).narrowedTo, null)
    const gate = createSessionGate()
    for (let round = 0; round < 2; round++) {
      const caller = await gate.authenticate(room.database.reader, token, room.clock.now())
      assert.deepEqual(caller.narrowedTo, narrowedTo)
    }
    await t.test('a server of before looks for the hash itself, and finds none', async () => {
      const rows = room.database.reader
        .selectFrom('lifecycle_session')
        .select('id')
        .where('hash', '=', secretHash(token))
      assert.deepEqual(await rows.execute(), [])
    })
    await t.test('without what it was narrowed to, and narrowed to something unknown, it proves nothing', async () => {
      for (const narrowed_to of [null, '{"directories":["web"],"may":"everything"}', '{}', 'x']) {
        await room.database.write((tx) =>
          tx.updateTable('lifecycle_session').set({ narrowed_to }).where('id', '=', opened.id).execute(),
        )
        await assert.rejects(prove(room, token))
      }
    })
    await t.test('it is narrowed to something: to no directory, or to do anything else, is refused', async () => {
      for (const wrong of [
        { directories: [], may: 'plan' },
        { directories: ['web'], may: 'apply' },
        { directories: ['web'] },
        { directories: ['*'], may: 'plan' },
        { directories: ['web'], may: 'plan', more: true },
      ])
        await assert.rejects(open({ narrowedTo: wrong }), { code: 'invalid_input' })
    })
    await t.test('the record of its opening says what it may', async () => {
      const [event] = (await room.events())
        .filter(({ on }) => on?.id === person.id)
        .filter(({ evidence }) => evidence?.may)
      assert.deepEqual([event?.evidence?.directories, event?.evidence?.may], ['web', 'plan'])
    })
  },
)

onEveryEngine('of 1,000 uses of one assertion at once, exactly one opens a session', async (room) => {
  const lifecycle = openLifecycle(room)
  const { person, device } = await lifecycle.enrolAdmin()
  const assertion = await lifecycle.assertion(device, person.id)
  const results = await Promise.allSettled(
    Array.from({ length: 1000 }, () => lifecycle.call('session.create', { assertion }, nobody)),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  const sessions = await room.database.reader.selectFrom('lifecycle_session').select('id').execute()
  assert.equal(sessions.length, 1)
})

const prove = (room: Room, token: string) => authenticateSession(room.database.reader, token, room.clock.now())

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const unsigned = (person: string, now: number): string =>
  `${part({ alg: 'none' })}.${part({ sub: person, aud: 'http://127.0.0.1:4650', exp: now + 60, jti: 'x' })}.`

const tampered = (assertion: string): string => {
  const [head = '', , signature = ''] = assertion.split('.')
  const claims = { sub: 'per_other', aud: 'http://127.0.0.1:4650', exp: 4_000_000_000, jti: 'x' }
  return `${head}.${part(claims)}.${signature}`
}

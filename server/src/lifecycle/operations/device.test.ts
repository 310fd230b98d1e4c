import assert from 'node:assert/strict'
import { codeOf } from '../../../test/fault-code.ts'
import { identityCaller, type LifecycleRoom, nobody, openLifecycle } from '../../../test/lifecycle.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import type { Caller } from '../../kit/operation.ts'
import { authenticateSession, forgetOver, pollLogin } from '../index.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const asMachine: Caller = { ...nobody, source: { ip: '192.0.2.7', region: 'DE', userAgent: 'reeve-cli' } }

const setUp = async (room: Room) => {
  const lifecycle = openLifecycle(room)
  const { person, device } = await lifecycle.enrolAdmin()
  const asPerson = async (token?: string): Promise<Caller> => {
    const opened = token ?? (await openByKey(lifecycle, device, person.id))
    return { ...nobody, ...(await authenticateSession(room.database.reader, opened, room.clock.now())) }
  }
  const start = () => lifecycle.call('device.start', { client: 'reeve-cli' }, asMachine)
  const finish = (deviceCode: string) =>
    lifecycle.call('device.finish', { client: 'reeve-cli', code: deviceCode }, asMachine)
  return { ...lifecycle, person, asPerson, start, finish }
}

const openByKey = async (
  { call, assertion }: LifecycleRoom,
  device: Parameters<LifecycleRoom['assertion']>[0],
  person: string,
): Promise<string> => (await call('session.create', { assertion: await assertion(device, person) }, nobody)).token

onEveryEngine('a login opens one session, of who approved it, and of nobody else', async (room, t) => {
  const { call, person, asPerson, start, finish } = await setUp(room)
  const ada = await asPerson()
  const begun = await start()

  await t.test('its codes have the entropy that they need, and nothing is stored of them but hashes', async () => {
    assert.match(begun.deviceCode, /^reeve_lc_[0-9A-Za-z]{49}$/)
    assert.match(begun.userCode, /^[B-Z]{4}-[B-Z]{4}$/)
    const rows = JSON.stringify(await room.database.reader.selectFrom('lifecycle_login').selectAll().execute())
    assert.ok(!rows.includes(begun.deviceCode) && !rows.includes(begun.userCode))
  })
  await t.test('until somebody approved it there is none', async () => {
    assert.equal(await codeOf(finish(begun.deviceCode)), 'login_pending')
  })
  await t.test('who decides is shown from where it came', async () => {
    const shown = await call('device.show', { device: begun.userCode.toLowerCase().replace('-', ' ') }, ada)
    assert.deepEqual([shown.id, shown.ip, shown.region], [begun.id, '192.0.2.7', 'DE'])
  })
  await t.test('approved, of ten that ask at once one gets the session of that person', async () => {
    await call('device.approve', { device: begun.userCode }, ada)
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => finish(begun.deviceCode)))
    const opened = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    assert.equal(opened.length, 1)
    const caller = await authenticateSession(room.database.reader, opened[0].token, room.clock.now())
    assert.deepEqual([caller.actor.id, caller.actor.principalType], [person.id, 'human'])
    assert.equal(await codeOf(finish(begun.deviceCode)), 'login_code_invalid')
    const { items } = await call('session.list', {}, ada)
    assert.equal(items.find(({ id }: { id: string }) => id === opened[0].id).login, begun.id)
  })
  await t.test('that session approves no further one', async () => {
    const next = await start()
    await call('device.approve', { device: next.userCode }, ada)
    const { token } = await finish(next.deviceCode)
    const third = await start()
    const asked = call('device.approve', { device: third.userCode }, await asPerson(token))
    assert.equal(await codeOf(asked), 'login_by_login')
    assert.equal(await codeOf(finish(third.deviceCode)), 'login_pending')
  })
})

onEveryEngine('a login that was refused, is too old, or whose approver left opens nothing', async (room, t) => {
  const { call, asPerson, start, finish } = await setUp(room)
  const ada = await asPerson()

  await t.test('refused', async () => {
    const { userCode, deviceCode } = await start()
    await call('device.refuse', { device: userCode }, ada)
    assert.equal(await codeOf(finish(deviceCode)), 'login_refused')
    assert.equal(await codeOf(call('device.approve', { device: userCode }, ada)), 'not_found')
  })
  await t.test('approved by a session that has ended since', async () => {
    const { userCode, deviceCode } = await start()
    const leaving = await asPerson()
    await call('device.approve', { device: userCode }, leaving)
    await call('session.end', {}, leaving)
    assert.equal(await codeOf(finish(deviceCode)), 'login_code_invalid')
  })
  await t.test('what it opened ends with the session that approved it, and never later than that one', async () => {
    room.clock.advance(7 * HOUR_MS)
    const [short, long] = [ada, await asPerson()]
    const [first, second] = [await start(), await start()]
    await call('device.approve', { device: first.userCode }, short)
    await call('device.approve', { device: second.userCode }, long)
    const opened = [await finish(first.deviceCode), await finish(second.deviceCode)]
    const hours = opened.map(({ expiresAt }) => (Date.parse(expiresAt) - room.clock.now().getTime()) / HOUR_MS)
    assert.deepEqual(hours, [1, 8])
    await call('session.end', {}, long)
    assert.equal(await codeOf(asPerson(opened[1].token)), 'session_ended')
    assert.equal((await asPerson(opened[0].token)).actor.id, ada.actor.id)
  })
  await t.test('nor does it outlive one that ends while it is opened', async () => {
    for (let round = 0; round < 3; round++) {
      const { userCode, deviceCode } = await start()
      const leaving = await asPerson()
      await call('device.approve', { device: userCode }, leaving)
      const [opened] = await Promise.allSettled([finish(deviceCode), call('session.end', {}, leaving)])
      if (opened.status === 'fulfilled') assert.equal(await codeOf(asPerson(opened.value.token)), 'session_ended')
    }
  })
  await t.test('too old, also when it was approved in time; and then it is forgotten', async () => {
    const [late, waiting] = [await start(), await start()]
    await call('device.approve', { device: late.userCode }, ada)
    room.clock.advance(10 * MINUTE_MS)
    for (const { deviceCode } of [late, waiting]) assert.equal(await codeOf(finish(deviceCode)), 'login_expired')
    assert.equal(await codeOf(call('device.approve', { device: waiting.userCode }, ada)), 'not_found')
    await forgetOver(room.database).run(new Date(room.clock.now().getTime() + 61 * MINUTE_MS))
    assert.equal(await codeOf(finish(waiting.deviceCode)), 'login_code_invalid')
  })
  await t.test('of another client, or with a scope', async () => {
    const asked = (input: object) => codeOf(call('device.start', input, asMachine))
    assert.equal(await asked({ client: 'nhi_sync' }), 'login_client_unknown')
    assert.equal(await asked({ client: 'reeve-cli', scope: 'scope' }), 'login_scope_unsupported')
  })
  await t.test('an identity begins, decides on and finishes none', async () => {
    for (const name of ['start', 'show', 'approve', 'refuse', 'finish'])
      assert.equal(
        await codeOf(call(`device.${name}`, { device: 'BCDF-GHJK' }, identityCaller('nhi_low'))),
        'wrong_principal_type',
      )
  })
})

onEveryEngine('nobody finds out which codes exist by trying them', async (room, t) => {
  const { call, asPerson, start } = await setUp(room)
  const ada = await asPerson()
  const { userCode } = await start()
  await call('device.approve', { device: userCode }, ada)

  await t.test('what never was, was decided, or is no code is not there, in the same words', async () => {
    const told = new Set<string>()
    for (const device of [userCode, 'BCDF-GHJK', 'x'])
      for (const name of ['show', 'approve', 'refuse'])
        await call(`device.${name}`, { device }, ada).catch(({ code, message, extras }) =>
          told.add(JSON.stringify([code, message, extras])),
        )
    assert.equal(told.size, 1)
    assert.match([...told][0] ?? '', /^\["not_found"/)
  })
  await t.test('after ten in a minute a person waits, and a right code does not help', async () => {
    const fresh = await start()
    assert.equal(await codeOf(call('device.approve', { device: fresh.userCode }, ada)), 'limited')
    room.clock.advance(MINUTE_MS)
    await call('device.approve', { device: fresh.userCode }, ada)
  })
})

onEveryEngine('who asks too often is told to slow down, and waits longer from then on', async (room) => {
  const { start } = await setUp(room)
  const { deviceCode } = await start()
  const poll = async () => (await pollLogin(room.database, deviceCode, room.clock.now()))?.code
  const after = async (seconds: number) => {
    room.clock.advance(seconds * 1000)
    return poll()
  }
  assert.equal(await poll(), 'login_pending')
  assert.equal(await after(5), 'login_pending')
  assert.equal(await after(1), 'login_asked_too_soon')
  assert.equal(await after(5), 'login_asked_too_soon')
  assert.equal(await after(15), 'login_pending')
  assert.equal(await after(600), undefined)
  assert.equal(await pollLogin(room.database, 'nonsense', room.clock.now()), undefined)
})

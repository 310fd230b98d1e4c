import assert from 'node:assert/strict'
import { revocationTarget } from '@reeve/sdk'
import { addSecret, onEveryBroker, postSecret, setUpOrders } from '../../../test/broker.ts'

const REASON = 'seen in a log'

onEveryBroker(
  'a quarantined credential gets no token, a released one does, a revoked one never again',
  async (test) => {
    setUpOrders(test)
    const { id, secret } = await addSecret(test)
    const second = await addSecret(test)
    const move = (verb: string) => test.call(`broker.credential.${verb}`, { credential: id, reason: REASON })
    const ask = async () => {
      const { status, body } = await postSecret(test, secret)
      return status === 200 ? 200 : body.code
    }
    assert.equal(await ask(), 200)
    const stopped = await move('quarantine')
    assert.deepEqual([stopped.credential.state, stopped.credential.actions], ['quarantined', ['release', 'revoke']])
    assert.equal(await ask(), 'credential_stopped')
    assert.equal((await postSecret(test, second.secret)).status, 200, 'the other credential goes on')
    await assert.rejects(move('quarantine'), { code: 'credential_wrong_state' })
    assert.equal((await move('release')).credential.state, 'active')
    assert.equal(await ask(), 200)
    await assert.rejects(move('release'), { code: 'credential_wrong_state' })
    await move('revoke')
    assert.equal(await ask(), 'credential_stopped')
    for (const verb of ['quarantine', 'release', 'revoke'])
      await assert.rejects(move(verb), { code: 'credential_wrong_state' }, verb)
    const page = await (await fetch(`${test.url}/revocations`)).json()
    const until = Math.ceil(test.room.clock.now().getTime() / 1000) + 3600
    assert.deepEqual(page.entries, [{ seq: 3, target: revocationTarget('credential', id), verb: 'revoke', until }])
    const why = await test.broker.reasons.crd(test.room.database.reader, id, test.room.clock.now())
    assert.equal(why?.summary, 'the credential is revoked')
    assert.ok(why?.because.some((sentence) => sentence.includes(REASON)))
  },
)

onEveryBroker('an expired credential is told so, and its identity’s end is its own', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addSecret(test)
  test.room.clock.advance(90 * 86_400_000)
  const { status, body } = await postSecret(test, secret)
  assert.deepEqual([status, body.error, body.code], [401, 'invalid_client', 'credential_expired'])
  assert.equal((await test.call('broker.credential.show', { credential: id })).credential.state, 'expired')
  test.subjects.put('nhi_sync', { state: 'retired' })
  const fresh = await addSecret(test, 'nhi_orders_api')
  await test.room.database.write(async (tx) => {
    const now = test.room.clock.now()
    await test.room.changes.signal(tx, await test.broker.endCredentials(tx, 'nhi_orders_api', 'retired', now))
  })
  await test.room.changes.catchUp()
  const ended = await test.call('broker.credential.show', { credential: fresh.id })
  assert.deepEqual([ended.credential.state, ended.credential.stateReason], ['revoked', 'retired'])
})

onEveryBroker('a credential that does not exist is not found, by any verb', async (test) => {
  const input = { credential: 'crd_nobody' }
  await assert.rejects(test.call('broker.credential.show', input), { code: 'credential_not_found' })
  for (const verb of ['quarantine', 'release', 'revoke'])
    await assert.rejects(test.call(`broker.credential.${verb}`, { ...input, reason: REASON }), {
      code: 'credential_not_found',
    })
})

onEveryBroker(
  'credentials are listed newest first, page by page, and by a cursor of the same list only',
  async (test) => {
    setUpOrders(test)
    const added: string[] = []
    for (let at = 0; at < 5; at++) {
      added.unshift((await addSecret(test)).id)
      test.room.clock.advance(1000)
    }
    await addSecret(test, 'nhi_orders_api')
    const list = (input: Record<string, unknown>) => test.call('broker.credential.list', input)
    const first = await list({ identity: 'nhi_sync', limit: 2 })
    const second = await list({ identity: 'nhi_sync', limit: 2, cursor: first.nextCursor })
    const third = await list({ identity: 'nhi_sync', limit: 2, cursor: second.nextCursor })
    const ids = [first, second, third].flatMap(({ items }) => items.map(({ id }: { id: string }) => id))
    assert.deepEqual(ids, added)
    assert.equal(third.nextCursor, null)
    assert.equal((await list({})).items.length, 6)
    assert.equal((await list({ kind: 'public-key' })).items.length, 0)
    assert.equal((await list({ state: 'active' })).items.length, 6)
    await assert.rejects(list({ limit: 2, cursor: first.nextCursor }), { code: 'bad_cursor' })
    await assert.rejects(list({ identity: 'nhi_nobody' }), { code: 'identity_not_found' })
  },
)

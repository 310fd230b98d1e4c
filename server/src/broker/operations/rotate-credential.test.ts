import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import {
  addKey,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  setUpOrders,
  signAssertion,
} from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'
import { ask, rotate, show, turn, whyOf, whyRotation } from '../../../test/rotations.ts'

const DAY = 86_400_000

onEveryBroker('a rotation is taken back while both work: the new one is revoked, the old one goes on', async (test) => {
  setUpOrders(test)
  const old = await addSecret(test)
  const input = (credential: string) => ({ credential, reason: 'the new one does not work there' })
  await assert.rejects(test.call('broker.credential.rollback', input(old.id)), { code: 'rotation_not_running' })
  for (const which of ['old', 'new']) {
    const made = await rotate(test, old.id)
    const back = await test.call('broker.credential.rollback', input(which === 'old' ? old.id : made.credential.id))
    assert.deepEqual(
      [back.credential.id, back.credential.state, back.keeps.id],
      [made.credential.id, 'revoked', old.id],
    )
    assert.equal(back.keeps.rotation.state, 'rolled-back')
    assert.equal(await ask(test, made.secret), 'credential_stopped')
    assert.equal(await ask(test, old.secret), 200)
    assert.match(await whyOf(test, made.credential.id), /ended .* by per_test_admin: it was taken back/)
    const told = await whyRotation(test, back.keeps.rotation.id)
    assert.match(
      told,
      /^the rotation is over: rolled-back\nit replaces crd_.* of sync \(nhi_sync\) by crd_.*\n.*taken back/,
    )
  }
  await rotate(test, old.id)
  test.room.clock.advance(7 * DAY)
  await turn(test)
  await assert.rejects(test.call('broker.credential.rollback', input(old.id)), { code: 'rotation_not_running' })
})

onEveryBroker(
  'a key pair is rotated by the next one, which another identity or credential may not have',
  async (test) => {
    setUpOrders(test)
    const old = await addKey(test)
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKey = pair.publicKey.export({ format: 'jwk' })
    await assert.rejects(rotate(test, old.id), { code: 'credential_key_missing' })
    await assert.rejects(rotate(test, old.id, { publicKey: pair.privateKey.export({ format: 'jwk' }) }), {
      code: 'credential_key_private',
    })
    const made = await rotate(test, old.id, { publicKey })
    assert.equal(made.secret, null)
    for (const key of [old.privateKey, pair.privateKey]) {
      const form = assertionForm(await signAssertion(test, key))
      const answer = await post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, ...form })
      assert.equal(answer.status, 200)
    }
    const other = await addKey(test, 'nhi_orders_api')
    await assert.rejects(rotate(test, other.id, { publicKey }), { code: 'credential_key_in_use' })
    const secret = await addSecret(test)
    await assert.rejects(rotate(test, secret.id, { publicKey }), { code: 'credential_key_missing' })
  },
)

onEveryBroker('an API key is followed by one with the same limits, as the tier allows it now', async (test) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { kind: 'device' })
  const limits = { resource: ORDERS, actions: ['orders.read'], networks: ['10.7.0.0/16'], ratePerMinute: 60 }
  const { credential } = await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'api-key', ...limits })
  const made = await rotate(test, credential.id)
  assert.deepEqual(made.credential.limits, credential.limits)
  assert.match(made.secret, /^reeve_ak_/)
  const second = await test.call('broker.credential.add', { identity: 'nhi_sync', kind: 'api-key', ...limits })
  test.subjects.put('nhi_sync', { tier: 'high' })
  await assert.rejects(rotate(test, second.credential.id), { code: 'credential_kind_refused' })
})

onEveryBroker('what is no longer active, is rotated already or has no secret is not rotated', async (test) => {
  setUpOrders(test)
  const old = await addSecret(test)
  await test.call('broker.credential.quarantine', { credential: old.id, reason: 'test' })
  await assert.rejects(rotate(test, old.id), { code: 'credential_wrong_state' })
  await test.call('broker.credential.release', { credential: old.id, reason: 'test' })
  const made = await rotate(test, old.id)
  for (const id of [old.id, made.credential.id]) await assert.rejects(rotate(test, id), { code: 'rotation_running' })
  await assert.rejects(rotate(test, 'crd_nobody'), { code: 'credential_not_found' })
  const trust = await test.call('broker.trust.add', {
    identity: 'nhi_sync',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: test.url,
    claims: { repository_id: '1', environment: 'production' },
  })
  await assert.rejects(rotate(test, trust.credential.id), {
    code: 'credential_not_rotatable',
    message: /: federation$/,
  })
  const other = await addSecret(test)
  test.subjects.put('nhi_sync', { state: 'quarantined' })
  await assert.rejects(rotate(test, other.id), { code: 'identity_not_active' })
})

onEveryBroker('the overlap is bounded by the tier and by the end of both credentials', async (test) => {
  setUpOrders(test)
  const { clock } = test.room
  const inDays = (days: number) => new Date(clock.now().getTime() + days * DAY).toISOString()
  const old = await addSecret(test)
  await assert.rejects(rotate(test, old.id, { deadline: '31d' }), { code: 'rotation_deadline_wrong' })
  await assert.rejects(rotate(test, old.id, { deadline: inDays(31) }), { code: 'rotation_deadline_wrong' })
  await assert.rejects(rotate(test, old.id, { deadline: inDays(-1) }), { code: 'invalid_input' })
  clock.advance(88 * DAY)
  await assert.rejects(rotate(test, old.id, { deadline: inDays(3) }), { code: 'rotation_deadline_wrong' })
  const made = await rotate(test, old.id)
  assert.equal(made.replaces.rotation.deadline, made.replaces.expiresAt)
})

onEveryBroker('concurrent rotations of one credential: one wins', async (test) => {
  setUpOrders(test)
  const { id } = await addSecret(test)
  for (let round = 0; round < 5; round++) {
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => rotate(test, id)))
    assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const each of asked) if (each.status === 'rejected') assert.equal(each.reason.code, 'rotation_running')
    await test.call('broker.credential.rollback', { credential: id, reason: 'next round' })
  }
})

onEveryBroker(
  'an identity ends the credential that it came with, and neither its successor nor another',
  async (test) => {
    setUpOrders(test)
    const old = await addSecret(test)
    const { credential: next } = await rotate(test, old.id)
    const actor = { principalType: 'nhi', id: 'nhi_sync', name: 'sync' } as const
    const thief = { ...adminCaller, roles: [], actor, credential: old.id }
    const revoke = (credential: string) =>
      test.call('broker.credential.revoke', { credential, reason: 'by itself' }, thief)
    await assert.rejects(revoke(next.id), { code: 'credential_of_others' })
    assert.equal((await show(test, next.id)).credential.state, 'active')
    assert.equal((await revoke(old.id)).credential.state, 'revoked')
  },
)

onEveryBroker(
  'the end of either credential in the overlap ends the rotation, and the other stays as it is',
  async (test) => {
    setUpOrders(test)
    for (const [which, because] of [
      ['old', 'old-revoked'],
      ['new', 'new-revoked'],
    ] as const) {
      const old = await addSecret(test)
      const made = await rotate(test, old.id)
      const [ended, stays] = which === 'old' ? [old.id, made.credential.id] : [made.credential.id, old.id]
      const { credential } = await test.call('broker.credential.revoke', { credential: ended, reason: 'leaked' })
      assert.deepEqual([credential.rotation.state, credential.rotation.endedBecause], ['ended', because])
      assert.equal(credential.rotation.endedBy, 'per_test_admin')
      const other = (await show(test, stays)).credential
      assert.equal(other.state, 'active')
      assert.ok(other.actions.includes('rotate'))
      test.room.clock.advance(8 * DAY)
      await turn(test)
      assert.equal((await show(test, stays)).credential.state, 'active')
    }
  },
)

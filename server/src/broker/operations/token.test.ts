import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { addSecret, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../../../test/broker.ts'

const issue = async (test: TestBroker) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { body } = await postSecret(test, secret)
  const token: string = body.access_token
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return { token, claims, reason: 'test' }
}

onEveryBroker('a token is quarantined, released and revoked, by itself or by its jti and expiry', async (test) => {
  const { token, claims, reason } = await issue(test)
  const inspect = async () => (await test.call('broker.token.inspect', { token })).ended
  const byJti = { jti: claims.jti, expiresAt: new Date(claims.exp * 1000).toISOString(), reason }
  assert.equal(await inspect(), null)
  const stopped = await test.call('broker.token.quarantine', { token, reason })
  assert.deepEqual([stopped.token, stopped.seq], [hash('sha256', claims.jti, 'base64url'), 1])
  assert.deepEqual(
    stopped.unconfirmed.map(({ name }: { name: string }) => name),
    ['orders_api'],
  )
  assert.equal(await inspect(), 'token')
  await test.call('broker.token.release', byJti)
  assert.equal(await inspect(), null)
  await assert.rejects(test.call('broker.token.release', byJti), { code: 'stop_not_found' })
  await test.call('broker.token.revoke', byJti)
  assert.equal(await inspect(), 'token')
  await assert.rejects(test.call('broker.token.release', byJti), { code: 'stop_not_found' })
  const page = await (await fetch(`${test.url}/revocations`)).json()
  assert.deepEqual([page.entries.length, page.entries[0].until], [1, claims.exp])
})

onEveryBroker('inspecting a token tells a person what it says, and never to whom it does not belong', async (test) => {
  const { token, claims, reason } = await issue(test)
  const seen = await test.call('broker.token.inspect', { token })
  assert.deepEqual([seen.isInForce, seen.algorithm, seen.claims], [true, 'ES256', claims])
  test.room.clock.advance(3_600_000)
  assert.equal((await test.call('broker.token.inspect', { token })).ended, 'expired')
  for (const verb of ['quarantine', 'release', 'revoke'])
    await assert.rejects(test.call(`broker.token.${verb}`, { token: `${token}A`, reason }), { code: 'token_not_ours' })
  await assert.rejects(test.call('broker.token.inspect', { token: 'x' }), { code: 'token_not_ours' })
  await assert.rejects(test.call('broker.token.revoke', { jti: 'x', reason }), { code: 'invalid_input' })
  const events = JSON.stringify(await test.room.events())
  assert.ok(!events.includes(token) && !events.includes(claims.jti))
})

onEveryBroker('inspecting a stopped token tells who stopped what of it, when and why', async (test) => {
  const { token, claims } = await issue(test)
  const because = async () => (await test.call('broker.token.inspect', { token })).because
  const expires = `it expires ${new Date(claims.exp * 1000).toISOString()}`
  assert.deepEqual(await because(), [expires])
  const { credential } = claims.reeve
  await test.call('broker.credential.quarantine', { credential, reason: 'seen in a chat' })
  const at = test.room.clock.now().toISOString()
  const ofCredential = `the credential ${credential} was quarantined ${at} by per_test_admin: seen in a chat`
  assert.deepEqual(await because(), [expires, ofCredential])
  await test.call('broker.token.revoke', { token, reason: 'posted' })
  assert.deepEqual(await because(), [expires, `it was revoked ${at} by per_test_admin: posted`, ofCredential])
  await test.call('broker.credential.release', { credential, reason: 'it was another one' })
  assert.deepEqual(await because(), [expires, `it was revoked ${at} by per_test_admin: posted`])
})

onEveryBroker('the stop of a token that has ended is refused, and none lasts longer than a token', async (test) => {
  const { token, claims, reason } = await issue(test)
  const { clock } = test.room
  const entries = async () => (await (await fetch(`${test.url}/revocations`)).json()).entries
  const byJti = (at: number) => ({ jti: claims.jti, expiresAt: new Date(at).toISOString(), reason })
  for (const verb of ['quarantine', 'revoke']) {
    const stop = (input: object) => test.call(`broker.token.${verb}`, input)
    await assert.rejects(stop(byJti(claims.iat * 1000 - 3_600_000)), { code: 'token_ended' })
    await assert.rejects(stop(byJti(claims.iat * 1000 + 3_700_000)), { code: 'invalid_input' })
    await assert.rejects(stop({ jti: claims.jti, expiresAt: '9999-12-31T23:59:59Z', reason }), {
      code: 'invalid_input',
    })
  }
  assert.deepEqual(await entries(), [])
  // Verifiers may let it live a minute longer; a stop then ends as the token does, and is not there for ever.
  clock.advance(claims.exp * 1000 + 30_000 - clock.now().getTime())
  await test.call('broker.token.revoke', { token, reason })
  assert.deepEqual(
    (await entries()).map(({ until }: { until: number | null }) => until),
    [claims.exp],
  )
  clock.advance(32_000)
  await assert.rejects(test.call('broker.token.revoke', { token, reason }), { code: 'token_ended' })
  await assert.rejects(test.call('broker.token.release', { token, reason }), { code: 'stop_not_found' })
})

import assert from 'node:assert/strict'
import { revocationTarget } from '@reeve/sdk'
import {
  type Answer,
  addSecret,
  assertionForm,
  ORDERS,
  onEveryBroker,
  post,
  postSecret,
  setUpOrders,
  type TestBroker,
} from '../../../test/broker.ts'
import { type ForeignIssuer, openIssuer } from '../../../test/fakes/foreign-issuer.ts'
import { personCaller } from '../../../test/lifecycle.ts'

const REASON = 'it was taken over'
const placer = personCaller('per_placer', { role: 'admin', team: null })
const stranger = personCaller('per_stranger', { role: 'owner', team: null })

const introspect = (test: TestBroker, secret: string, token: string): Promise<Answer> =>
  post(test, '/oauth/introspect', { client_id: 'nhi_orders_api', client_secret: secret, token })

const onEveryTrusted = (name: string, body: (test: TestBroker, issuer: ForeignIssuer) => Promise<void>) =>
  onEveryBroker(name, async (test) => {
    setUpOrders(test)
    const issuer = await openIssuer(test.room.clock.now)
    const trust = { issuer: issuer.url, audience: test.url, claims: { sub: 'pipeline:orders' } }
    await test.call('broker.trust.add', { identity: 'nhi_sync', ...trust })
    await test.room.changes.catchUp()
    await body(test, issuer).finally(() => issuer.close())
  })

const ask = async (test: TestBroker, issuer: ForeignIssuer): Promise<Answer> => {
  const jwt = await issuer.sign({ sub: 'pipeline:orders', aud: test.url, jti: test.room.random.id('jti') })
  const form = { grant_type: 'client_credentials', resource: ORDERS, ...assertionForm(jwt) }
  return (await post(test, '/oauth/token', form)).body
}

onEveryTrusted(
  'a quarantined issuer proves nobody, its tokens of before are over everywhere, and others go on',
  async (test, issuer) => {
    const { secret } = await addSecret(test)
    const api = await addSecret(test, 'nhi_orders_api')
    const { access_token: token } = await ask(test, issuer)
    const { credential } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).reeve
    const other = (await postSecret(test, secret)).body.access_token
    const target = { issuer: issuer.url, reason: REASON }
    const stopped = await test.call('broker.issuer.quarantine', target, placer)
    assert.deepEqual([stopped.issuer, stopped.trusts, stopped.seq], [issuer.url, 1, 1])
    await test.room.changes.catchUp()
    // One line of the feed for all of them, which a verifier finds by what the token says.
    const page = await (await fetch(`${test.url}/revocations`)).json()
    assert.deepEqual(
      page.entries.map((entry: Answer) => [entry.target, entry.verb]),
      [[revocationTarget('issuer', issuer.url), 'quarantine']],
    )
    assert.equal((await ask(test, issuer)).code, 'identity_stopped')
    assert.equal((await introspect(test, api.secret, token)).body.active, false)
    assert.equal((await introspect(test, api.secret, other)).body.active, true)
    const why = await test.broker.reasons.crd(test.room.database.reader, credential, test.room.clock.now())
    assert.ok(why?.because.some((each) => each.includes(`${issuer.url} was quarantined`) && each.includes(REASON)))
    assert.match(String(why?.next), /reeve release issuer http/)
    await assert.rejects(test.call('broker.issuer.release', target, stranger), { code: 'release_not_yours' })
    await test.call('broker.issuer.release', target, placer)
    await test.room.changes.catchUp()
    assert.equal((await introspect(test, api.secret, token)).body.active, true)
    assert.equal((await ask(test, issuer)).token_type, 'Bearer')
    await assert.rejects(test.call('broker.issuer.release', target, placer), { code: 'stop_not_found' })
  },
)

onEveryTrusted(
  'what came of a token by exchange ends with the issuer that proved its subject',
  async (test, issuer) => {
    const api = await addSecret(test, 'nhi_orders_api')
    test.decisions.letActFor('nhi_orders_api', 'nhi_sync')
    const { access_token: subject_token } = await ask(test, issuer)
    const exchanged = await post(test, '/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      ...{ client_id: 'nhi_orders_api', client_secret: api.secret, subject_token },
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    const token = exchanged.body.access_token
    assert.equal((await introspect(test, api.secret, token)).body.active, true)
    await test.call('broker.issuer.quarantine', { issuer: issuer.url, reason: REASON })
    await test.room.changes.catchUp()
    assert.equal((await introspect(test, api.secret, token)).body.active, false)
  },
)

onEveryTrusted('the quarantine of this server’s own tokens stops every one of them', async (test) => {
  const { secret } = await addSecret(test)
  const target = { issuer: test.url, reason: REASON }
  await test.call('broker.issuer.quarantine', target)
  await test.room.changes.catchUp()
  assert.equal((await postSecret(test, secret)).body.code, 'identity_stopped')
  await test.call('broker.issuer.release', target)
  await test.room.changes.catchUp()
  assert.equal((await postSecret(test, secret)).status, 200)
})

onEveryBroker(
  'an issuer is stopped by one person at once, and released by two, but for who takes back what was placed minutes ago',
  async (test) => {
    const { fourEyes, approvals, room } = test
    const target = { issuer: test.url, reason: REASON }
    const security = personCaller('per_security', { role: 'approver', team: null })
    const stop = (by = placer) => test.call('broker.issuer.quarantine', target, by)
    const release = (by = placer, more = {}) => test.call('broker.issuer.release', { ...target, ...more }, by)
    const approval = () => approvals.give('apr_1', 'broker.issuer.release', target)
    const MINUTES = 60_000

    // Who is alone stays able to run the server.
    await stop()
    room.clock.advance(60 * MINUTES)
    await release()

    fourEyes.isBegun = true
    await stop()
    room.clock.advance(15 * MINUTES)
    await release()
    await stop()
    room.clock.advance(15 * MINUTES + 1)
    await assert.rejects(release(), { code: 'approval_missing' })
    assert.ok((await stopsHeld(test)) > 0, 'it holds on')
    // Nor is it another one's to let go, however new it is; and one more stop makes none of before younger.
    await stop()
    await assert.rejects(release(), { code: 'approval_missing' })
    await release(placer, { approval: approval() })
    assert.ok(approvals.isEmpty())
    assert.equal((await room.events()).at(-1)?.approval, 'apr_1')
    await stop()
    await assert.rejects(release(security), { code: 'approval_missing' })
    await assert.rejects(release(stranger, { approval: approval() }), { code: 'release_not_yours' })
    await release(security, { approval: 'apr_1' })
    assert.equal(await stopsHeld(test), 0)
  },
)

/** How many quarantines of this server itself hold. */
const stopsHeld = async (test: TestBroker): Promise<number> => {
  const rows = await test.room.database.reader
    .selectFrom('broker_stop')
    .select('id')
    .where('scope', '=', 'issuer')
    .where('released_at', 'is', null)
    .execute()
  return rows.length
}

onEveryBroker('an issuer that nobody trusts is not there to be stopped', async (test) => {
  const target = { issuer: 'https://ci.example.com', reason: REASON }
  await assert.rejects(test.call('broker.issuer.quarantine', target), { code: 'issuer_not_trusted' })
  await assert.rejects(test.call('broker.issuer.release', target), { code: 'stop_not_found' })
})

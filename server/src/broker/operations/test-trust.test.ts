import assert from 'node:assert/strict'
import { addSecret, ORDERS, onEveryBroker, post, setUpOrders } from '../../../test/broker.ts'
import { githubJob, openIssuer } from '../../../test/fakes/foreign-issuer.ts'

const CLAIMS = { repository_id: '74', repository_owner_id: '65', environment: 'production' }

onEveryBroker(
  'a trust is told to its owner with its lints, its proof and its findings, and is a credential',
  async (test) => {
    setUpOrders(test)
    const issuer = 'https://token.actions.githubusercontent.com'
    const terms = { identity: 'nhi_sync', issuer, audience: test.url, claims: CLAIMS }
    test.subjects.put('nhi_sync', { kind: 'ci-job', tier: 'high' })
    const good = await test.call('broker.trust.add', terms)
    assert.deepEqual([good.verdict, good.lints, test.findings.reported], ['preferred', [], []])
    assert.deepEqual([good.credential.kind, good.trust.platform], ['federation', 'github'])
    const loose = { ...terms, claims: { repository: 'o/r' } }
    const linted = await test.call('broker.trust.lint', loose)
    assert.deepEqual([linted.isAcceptable, linted.lints.length], [true, 2])
    await test.call('broker.trust.add', loose)
    assert.deepEqual(
      test.findings.reported.map(({ rule, owasp }) => [rule, owasp]),
      [['trust-too-open', 'NHI6']],
    )
    await assert.rejects(test.call('broker.trust.add', { ...terms, claims: { sub: 'repo:o/*' } }), {
      code: 'trust_refused',
    })
    await assert.rejects(test.call('broker.trust.add', { ...terms, audience: undefined }), { code: 'trust_refused' })
    await addSecret(test, 'nhi_orders_api')
    const { items } = await test.call('broker.trust.list', { limit: 10 })
    assert.deepEqual(items.map(({ lints }: { lints: unknown[] }) => lints.length).sort(), [0, 2])
    test.subjects.put('nhi_sync', { kind: 'device' })
    await assert.rejects(test.call('broker.trust.add', { ...terms, claims: { ...CLAIMS, ref: 'refs/heads/x' } }), {
      code: 'credential_kind_refused',
    })
  },
)

onEveryBroker('a token is tested without being used: who would accept it, and claim by claim why not', async (test) => {
  setUpOrders(test)
  const issuer = await openIssuer(test.room.clock.now)
  const terms = { issuer: issuer.url, audience: test.url, platform: 'github' }
  const { credential } = await test.call('broker.trust.add', { ...terms, identity: 'nhi_sync', claims: CLAIMS })
  const staging = { ...terms, identity: 'nhi_orders_api', claims: { ...CLAIMS, environment: 'staging' } }
  await test.call('broker.trust.add', staging)
  await test.room.changes.catchUp()
  const look = (token: string, over: object = {}) => test.call('broker.trust.test', { token, ...over })
  const token = await issuer.sign(githubJob({ aud: test.url }))
  for (let time = 0; time < 2; time++) {
    const found = await look(token)
    assert.deepEqual([found.isAccepted, found.problem], [true, null])
    assert.deepEqual(
      found.accepts.map((each: { credential: string }) => each.credential),
      [credential.id],
    )
    assert.deepEqual(found.refuses[0].because, ['environment is "production", and must be "staging"'])
  }
  assert.deepEqual((await look(token, { identity: 'nhi_orders_api' })).accepts, [])
  const job = await issuer.sign(githubJob({ aud: test.url, run_id: '77' }))
  for (const [noun, named, said] of [
    ['issuer', { issuer: issuer.url }, 'the issuer is quarantined'],
    ['instance', { identity: 'nhi_sync', instance: '77' }, 'the instance 77 is quarantined'],
  ] as const) {
    await test.call(`broker.${noun}.quarantine`, { ...named, reason: 'a drill' })
    const { isAccepted, refuses } = await look(job, { identity: 'nhi_sync' })
    assert.deepEqual([isAccepted, refuses[0].because], [false, [said]])
    await test.call(`broker.${noun}.release`, { ...named, reason: 'it is over' })
    assert.equal((await look(job)).isAccepted, true)
  }
  const expired = await look(await issuer.sign(githubJob({ aud: test.url, exp: 1 })))
  assert.deepEqual([expired.isAccepted, expired.accepts.length], [false, 1])
  assert.match((await look(`${token.slice(0, -8)}AAAAAAAA`)).problem, /signature/)
  assert.match((await look('nothing')).problem, /no signed token/)
  const { expiresAt } = test.subjects.put('nhi_sync')
  test.subjects.put('nhi_sync', { expiresAt: test.room.clock.now() })
  const over = await look(token, { identity: 'nhi_sync' })
  assert.deepEqual([over.isAccepted, over.refuses[0]?.because], [false, ['the identity has expired']])
  test.subjects.put('nhi_sync', { expiresAt })
  await test.call('broker.credential.quarantine', { credential: credential.id, reason: 'a test' })
  assert.deepEqual((await look(token)).accepts, [])
  const events = (await test.room.events()).filter(({ kind }) => kind === 'broker.trust.test')
  assert.ok(events.length > 0 && !JSON.stringify(events).includes(token))
  issuer.close()
})

onEveryBroker('that a token was used is told before anybody tries it again, and asking uses none up', async (test) => {
  setUpOrders(test)
  const issuer = await openIssuer(test.room.clock.now)
  const terms = { identity: 'nhi_sync', issuer: issuer.url, audience: test.url }
  await test.call('broker.trust.add', { ...terms, platform: 'github', claims: CLAIMS })
  await test.call('broker.trust.add', { ...terms, platform: 'other', claims: { sub: 'runner-1' }, tokens: 'again' })
  await test.room.changes.catchUp()
  const told = async (token: string) => {
    const { isAccepted, problem, accepts } = await test.call('broker.trust.test', { token })
    return [isAccepted, problem, accepts.length]
  }
  const use = (assertion: string) =>
    post(test, '/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      resource: ORDERS,
    })
  for (const over of [{}, { jti: undefined }]) {
    const token = await issuer.sign(githubJob({ aud: test.url, ...over }))
    for (let time = 0; time < 2; time++) assert.deepEqual(await told(token), [true, null, 1])
    assert.equal((await use(token)).status, 200)
    const used = 'it was used already, and its trust takes each token once: get a new one from the platform'
    assert.deepEqual(await told(token), [false, used, 1])
  }
  const again = await issuer.sign({ sub: 'runner-1', aud: test.url, jti: 'run-1' })
  assert.equal((await use(again)).status, 200)
  assert.deepEqual(await told(again), [true, null, 1])
  const endless = await issuer.sign(githubJob({ aud: test.url, jti: 'x'.repeat(300) }))
  assert.equal((await use(endless)).body.code, 'federation_refused')
  assert.deepEqual(await told(endless), [false, 'its jti is malformed', 1])
  issuer.close()
})

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mock } from 'node:test'
import { decodeJwt, UnsecuredJWT } from 'jose'
import { addSecret, assertionForm, ORDERS, post, type TestBroker } from '../broker.ts'
import { type ForeignIssuer, githubJob, gitlabJob, openIssuer, podToken } from '../fakes/foreign-issuer.ts'
import { onEveryIssuer } from '../issuers.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const PINS = { repository_id: '74', repository_owner_id: '65', environment: 'production' }

const addTrust = async (test: TestBroker, issuer: ForeignIssuer, over: Record<string, unknown> = {}) => {
  const input = { identity: 'nhi_sync', issuer: issuer.url, audience: test.url, platform: 'github', claims: PINS }
  const added = await test.call('broker.trust.add', { ...input, ...over })
  // In a process the change feed runs by itself.
  await test.room.changes.catchUp()
  return added
}

const grant = (test: TestBroker, token: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', { grant_type: GRANT, assertion: token, resource: ORDERS, ...form })

const refusedOf = async (test: TestBroker) =>
  (await test.room.events()).filter(({ kind, outcome }) => kind === 'broker.token.issue' && outcome === 'refused')

onEveryIssuer(
  'a job with its own token gets a token, by either grant, with its run in token and event',
  async (test, issuer) => {
    const { credential } = await addTrust(test, issuer)
    const asClient = { grant_type: 'client_credentials', resource: ORDERS }
    const first = await grant(test, await issuer.sign(githubJob({ aud: test.url })))
    const second = await post(test, '/oauth/token', {
      ...asClient,
      ...assertionForm(await issuer.sign(githubJob({ aud: [test.url] }))),
    })
    const third = await grant(test, await issuer.sign(githubJob({ aud: test.url })), { client_id: 'nhi_sync' })
    for (const { status, body } of [first, second, third]) {
      assert.equal(status, 200, JSON.stringify(body))
      const { sub, reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(body.access_token)
      assert.equal(sub, 'nhi_sync')
      assert.deepEqual(
        [reeve.credential, reeve.instance, reeve.workflow],
        [credential.id, '30433642', { name: 'orders sync', repository: 'octo-org/octo-repo', run: '30433642' }],
      )
    }
    const [event] = (await test.room.events()).filter(({ kind }) => kind === 'broker.token.issue')
    assert.deepEqual(
      [event?.outcome, event?.credential, event?.instance, event?.workflow?.run],
      ['done', credential.id, '30433642', '30433642'],
    )
  },
)

onEveryIssuer(
  'what is not proven, or fits no trust, is refused with one code, and the event says why',
  async (test, issuer) => {
    await addTrust(test, issuer)
    const other = await openIssuer(test.room.clock.now)
    const job = (over: Record<string, unknown> = {}) => githubJob({ aud: test.url, ...over })
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const claims = { iss: issuer.url, iat: 1795348800, exp: 1795349100, ...job() }
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const confused = `${encode({ alg: 'HS256', kid: 'key-1' })}.${encode(claims)}`
    const pem = issuer.publicKey.export({ format: 'pem', type: 'spki' })
    const cases: [string, string, RegExp][] = [
      ['another audience', await issuer.sign(job({ aud: 'https://elsewhere.example' })), /fits no trust/],
      ['two audiences', await issuer.sign(job({ aud: [test.url, 'https://elsewhere.example'] })), /fits no trust/],
      ['no audience', await issuer.sign(job({ aud: undefined })), /fits no trust/],
      ['another repository', await issuer.sign(job({ repository_id: '75' })), /fits no trust/],
      ['a repository of a longer id', await issuer.sign(job({ repository_id: '740' })), /fits no trust/],
      ['another environment', await issuer.sign(job({ environment: 'staging' })), /fits no trust/],
      ['no environment', await issuer.sign(job({ environment: undefined })), /fits no trust/],
      ['a claim of another type', await issuer.sign(job({ environment: ['production'] })), /fits no trust/],
      ['the key of a stranger', await issuer.sign(job(), {}, stranger), /not signed/],
      ['the kid of another issuer', await issuer.sign(job(), { kid: 'key-2' }), /not signed/],
      ['the key of another issuer', await other.sign(job({ iss: issuer.url })), /not signed/],
      ['an issuer that nobody trusts', await other.sign(job()), /no trust names/],
      ['no algorithm', new UnsecuredJWT(claims).encode(), /not signed/],
      [
        'the public key as a secret',
        `${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`,
        /not signed/,
      ],
      ['another padding', await issuer.sign(job(), { alg: 'PS256' }), /not signed/],
      ['the issuer with a slash', await issuer.sign(job({ iss: `${issuer.url}/` })), /no trust names/],
    ]
    for (const [what, token, why] of cases) {
      const { status, body } = await grant(test, token)
      assert.deepEqual([status, body.error, body.code], [400, 'invalid_grant', 'federation_refused'], what)
      assert.equal(typeof body.trace_id, 'string')
      const event = (await refusedOf(test)).at(-1)
      assert.match(String(event?.evidence.cause), why, what)
      assert.ok(!JSON.stringify(event).includes(token), what)
    }
    const asClient = { grant_type: 'client_credentials', resource: ORDERS }
    const { status, body } = await post(test, '/oauth/token', {
      ...asClient,
      ...assertionForm(await issuer.sign(job({ repository_id: '75' }))),
    })
    assert.deepEqual([status, body.error, body.code], [401, 'invalid_client', 'federation_refused'])
    // The owner of the trust that it came near to is told.
    const events = await refusedOf(test)
    assert.ok(events.some(({ on, evidence }) => on?.id === 'nhi_sync' && evidence.issuer === issuer.url))
    other.close()
  },
)

onEveryIssuer('a token is in force between its times only, and never for longer than a day', async (test, issuer) => {
  await addTrust(test, issuer)
  const now = Math.floor(test.room.clock.now().getTime() / 1000)
  const wrong: Record<string, unknown>[] = [
    { exp: now - 61 },
    { exp: undefined },
    { exp: `${now + 60}` },
    { iat: undefined },
    { iat: now + 120 },
    { nbf: now + 120 },
    { exp: now + 86_401 },
    { exp: now - 100, iat: now - 50 },
  ]
  for (const times of wrong) {
    const { status, body } = await grant(test, await issuer.sign(githubJob({ aud: test.url, ...times })))
    assert.deepEqual([status, body.code], [400, 'federation_expired'], JSON.stringify(times))
  }
  const skewed = await grant(test, await issuer.sign(githubJob({ aud: test.url, iat: now + 30, nbf: now + 30 })))
  assert.equal(skewed.status, 200)
})

onEveryIssuer(
  'a token with a jti is used once, by whichever grant, and another issuer has its own names',
  async (test, issuer) => {
    await addTrust(test, issuer)
    const token = await issuer.sign(githubJob({ aud: test.url, jti: 'the-one' }))
    const answers = await Promise.all([grant(test, token), grant(test, token), grant(test, token)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
    const again = await post(test, '/oauth/token', {
      grant_type: 'client_credentials',
      resource: ORDERS,
      ...assertionForm(token),
    })
    assert.deepEqual([again.status, again.body.code], [401, 'assertion_replayed'])
    const other = await openIssuer(test.room.clock.now)
    await addTrust(test, other)
    assert.equal((await grant(test, await other.sign(githubJob({ aud: test.url, jti: 'the-one' })))).status, 200)
    other.close()
  },
)

onEveryIssuer('RFC 8725 §3.12: what an issuer signed for another purpose proves nobody', async (test, issuer) => {
  await addTrust(test, issuer)
  for (const typ of ['JWT', 'at+jwt', 'application/AT+JWT'])
    assert.equal((await grant(test, await issuer.sign(githubJob({ aud: test.url }), { typ }))).status, 200)
  for (const typ of ['logout+jwt', 'secevent+jwt', 'application/token-introspection+jwt', 'statuslist+jwt']) {
    const token = await issuer.sign(githubJob({ aud: test.url }), { typ })
    assert.equal((await grant(test, token)).body.code, 'federation_refused', typ)
    assert.match(String((await refusedOf(test)).at(-1)?.evidence.cause), /typ/)
    const told = await test.call('broker.trust.test', { token })
    assert.deepEqual([told.isAccepted, /typ/.test(told.problem)], [false, true])
  }
})

onEveryIssuer('a token of GitHub that has no name is used once as well', async (test, issuer) => {
  await addTrust(test, issuer)
  const token = await issuer.sign(githubJob({ aud: test.url, jti: undefined }))
  const answers = await Promise.all([grant(test, token), grant(test, token), grant(test, token)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
  assert.equal((await grant(test, token)).body.code, 'assertion_replayed')
  const another = await issuer.sign(githubJob({ aud: test.url, jti: undefined, run_number: '11' }))
  assert.equal((await grant(test, another)).status, 200)
})

onEveryIssuer(
  'a token of any issuer is used once, unless each trust that it fits says that it comes again',
  async (test, issuer) => {
    const other = { platform: 'other', claims: { sub: 'runner-1' } }
    const sign = (sub: string, aud: string) => issuer.sign({ sub, aud, jti: undefined })
    await addTrust(test, issuer, other)
    const plain = await sign('runner-1', test.url)
    assert.equal((await grant(test, plain)).status, 200)
    assert.deepEqual((await grant(test, plain)).body.code, 'assertion_replayed')

    const reused = await addTrust(test, issuer, { ...other, claims: { sub: 'runner-2' }, tokens: 'again' })
    assert.deepEqual(
      [reused.trust, reused.lints].map((each) => JSON.stringify(each)).map((text) => /"again"|tokens-again/.test(text)),
      [true, true],
    )
    const again = await sign('runner-2', test.url)
    assert.deepEqual([(await grant(test, again)).status, (await grant(test, again)).status], [200, 200])

    await addTrust(test, issuer, { ...other, claims: { sub: 'runner-2' } })
    const strict = await sign('runner-2', test.url)
    assert.deepEqual([(await grant(test, strict)).status, (await grant(test, strict)).status], [200, 400])

    const pods = { platform: 'kubernetes', claims: { sub: 'system:serviceaccount:pay:sync' } }
    await addTrust(test, issuer, { ...pods, tokens: 'once' })
    const pod = await sign('system:serviceaccount:pay:sync', test.url)
    assert.deepEqual([(await grant(test, pod)).status, (await grant(test, pod)).status], [200, 400])
  },
)

onEveryIssuer(
  'a token that proves nothing asks as much for an identity that is in memory as for one that is not there',
  async (test, issuer) => {
    await addTrust(test, issuer)
    const other = await openIssuer(test.room.clock.now)
    const looks = mock.method(test.subjects, 'find')
    for (const token of [
      await other.sign(githubJob({ aud: test.url })),
      await issuer.sign(githubJob({ aud: test.url, exp: 1 })),
    ]) {
      assert.equal((await grant(test, await issuer.sign(githubJob({ aud: test.url })))).status, 200)
      const counts: number[] = []
      for (const client_id of ['nhi_sync', 'sync', 'nhi_nobody']) {
        looks.mock.resetCalls()
        assert.equal((await grant(test, token, { client_id })).status, 400)
        counts.push(looks.mock.callCount())
      }
      assert.deepEqual(counts, [1, 1, 1])
    }
    other.close()
  },
)

onEveryIssuer(
  'a pod and a GitLab job use the one token that their platform gives them until it ends',
  async (test, issuer) => {
    const sub = 'system:serviceaccount:shop:orders'
    await addTrust(test, issuer, { platform: 'kubernetes', claims: { sub } })
    const token = await issuer.sign(podToken({ aud: [test.url] }))
    for (let use = 0; use < 3; use++) {
      const { status, body } = await grant(test, token)
      assert.equal(status, 200, JSON.stringify(body))
      const { reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(body.access_token)
      assert.equal(reeve.instance, '5e0bd49b-f040-43b0-99b7-22765a53f7f3')
    }
    const gitlab = await openIssuer(test.room.clock.now)
    await addTrust(test, gitlab, { platform: 'gitlab', claims: { project_id: '22', ref: 'main', ref_type: 'branch' } })
    const job = await gitlab.sign(gitlabJob({ aud: test.url }))
    for (let use = 0; use < 2; use++) {
      const { status, body } = await grant(test, job)
      assert.equal(status, 200, JSON.stringify(body))
      const { reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(body.access_token)
      assert.deepEqual(
        [reeve.instance, reeve.workflow],
        ['302', { name: 'orders sync', repository: 'my-group/my-project', run: '574' }],
      )
    }
    const request = await gitlab.sign(gitlabJob({ aud: test.url, pipeline_source: 'merge_request_event' }))
    assert.equal((await grant(test, request)).body.code, 'federation_refused')
    gitlab.close()
  },
)

onEveryIssuer(
  'one token is one identity: trusts that overlap are refused when the second is added',
  async (test, issuer) => {
    await addTrust(test, issuer)
    test.subjects.put('nhi_other', { kind: 'ci-job', environment: 'staging' })
    const add = (claims: Record<string, string>) => addTrust(test, issuer, { identity: 'nhi_other', claims })
    await assert.rejects(add(PINS), { code: 'trust_ambiguous' })
    await assert.rejects(add({ repository_id: '74', ref: 'refs/heads/main' }), { code: 'trust_ambiguous' })
    await add({ ...PINS, environment: 'staging' })
    // The same issuer serves two environments through different claims, and no token crosses.
    const token = await issuer.sign(githubJob({ aud: test.url, environment: 'staging' }))
    const { status, body } = await grant(test, token, { client_id: 'nhi_sync' })
    assert.deepEqual([status, body.code], [400, 'federation_refused'])
    const both = await Promise.allSettled([
      add({ repository_id: '90', environment: 'a' }),
      addTrust(test, issuer, { claims: { repository_id: '90', environment: 'a' } }),
    ])
    assert.deepEqual(both.map(({ status: end }) => end).sort(), ['fulfilled', 'rejected'])
  },
)

onEveryIssuer('a trust that is stopped, or whose identity is, gets nothing from then on', async (test, issuer) => {
  const { credential } = await addTrust(test, issuer)
  const ask = async () => (await grant(test, await issuer.sign(githubJob({ aud: test.url })))).body.code
  assert.equal(await ask(), undefined)
  const move = { credential: credential.id, reason: 'the repository was taken over' }
  await test.call('broker.credential.quarantine', move)
  await test.room.changes.catchUp()
  assert.equal(await ask(), 'credential_stopped')
  await test.call('broker.credential.release', move)
  await test.room.changes.catchUp()
  assert.equal(await ask(), undefined)
  test.subjects.put('nhi_sync', { state: 'quarantined' })
  await test.call('broker.credential.quarantine', move)
  await test.call('broker.credential.release', move)
  await test.room.changes.catchUp()
  assert.equal(await ask(), 'identity_stopped')
  test.subjects.put('nhi_sync', { state: 'active' })
  await test.call('broker.credential.revoke', move)
  await test.room.changes.catchUp()
  assert.match(String(await ask()), /^credential_stopped$|^federation_refused$/)
})

onEveryIssuer('a trust ends with its expiry', async (test, issuer) => {
  const expiresAt = new Date(test.room.clock.now().getTime() + 3_600_000).toISOString()
  await addTrust(test, issuer, { expiresAt })
  test.room.clock.advance(3_600_001)
  const { status } = await grant(test, await issuer.sign(githubJob({ aud: test.url })))
  assert.equal(status, 400)
})

onEveryIssuer(
  'S4: an issuer that is down, slow or lying proves nobody; known keys go on for some hours',
  async (test, issuer) => {
    const { clock } = test.room
    const ask = async () => (await grant(test, await issuer.sign(githubJob({ aud: test.url })))).body.code
    await addTrust(test, issuer)
    const json = (value: unknown) => ({ type: 'application/json', text: JSON.stringify(value) })
    const lies: [string, { type: string; text: string }][] = [
      ['HTML', { type: 'text/html', text: '<html>' }],
      ['another issuer', json({ issuer: 'https://elsewhere.example', jwks_uri: `${issuer.url}/keys` })],
      ['keys in a private network', json({ issuer: issuer.url, jwks_uri: 'http://169.254.169.254/keys' })],
      ['no keys', json({ issuer: issuer.url })],
      ['too much', json({ issuer: issuer.url, jwks_uri: `${issuer.url}/${'x'.repeat(2_000_000)}` })],
    ]
    for (const [what, { type, text }] of lies) {
      issuer.answer((_request, response) => response.writeHead(200, { 'content-type': type }).end(text))
      const { status, body, headers } = await grant(test, await issuer.sign(githubJob({ aud: test.url })))
      assert.deepEqual([status, body.code, headers.get('retry-after')], [400, 'federation_refused', null], what)
      assert.match(String((await test.room.events()).at(-1)?.evidence.cause), /^its issuer cannot be asked/, what)
      clock.advance(31_000)
    }
    const told = async (iss: string) => {
      const { status, body } = await grant(test, await issuer.sign(githubJob({ aud: test.url, iss })))
      const { trace_id: _, ...rest } = body
      return [status, rest]
    }
    assert.deepEqual(await told(issuer.url), await told('https://nobody.example'), 'as one that nobody trusts')
    issuer.answer((_request, response) => response.writeHead(302, { location: `${issuer.url}/x` }).end())
    assert.equal(await ask(), 'federation_refused')
    issuer.answer(undefined)
    // Asked again only when some time has passed.
    assert.equal(await ask(), 'federation_refused')
    clock.advance(31_000)
    assert.equal(await ask(), undefined)
    issuer.answer((_request, response) => response.writeHead(500).end())
    clock.advance(3 * 3_600_000)
    assert.equal(await ask(), undefined)
    clock.advance(4 * 3_600_000)
    assert.equal(await ask(), 'federation_refused')
  },
)

onEveryIssuer(
  'a new key is believed when it is first seen, and unknown key ids ask the issuer once in a while',
  async (test, issuer) => {
    await addTrust(test, issuer)
    const ask = async (kid?: string) => {
      const token = await issuer.sign(githubJob({ aud: test.url }), kid === undefined ? {} : { kid })
      return (await grant(test, token)).body.code
    }
    assert.equal(await ask(), undefined)
    for (let n = 0; n < 20; n++) assert.equal(await ask(`unknown-${n}`), 'federation_refused')
    assert.equal(issuer.asked(), 1)
    test.room.clock.advance(31_000)
    issuer.rotate('key-2', { isBeside: true })
    assert.equal(await ask(), undefined)
    assert.equal(issuer.asked(), 2)
    // A key that is no longer shown is not believed once the set is no longer fresh.
    const old = await issuer.sign(githubJob({ aud: test.url }))
    issuer.rotate('key-3')
    test.room.clock.advance(61_000)
    assert.equal((await grant(test, old)).body.code, 'federation_refused')
  },
)

onEveryIssuer('a grant comes alone, and neither grant takes what a client signed for itself', async (test, issuer) => {
  await addTrust(test, issuer)
  const { secret } = await addSecret(test, 'nhi_orders_api')
  const token = await issuer.sign(githubJob({ aud: test.url }))
  const beside = await grant(test, token, { client_id: 'nhi_orders_api', client_secret: secret })
  assert.deepEqual([beside.status, beside.body.code], [400, 'client_proof_ambiguous'])
  const none = await post(test, '/oauth/token', { grant_type: GRANT, resource: ORDERS })
  assert.deepEqual([none.status, none.body.code], [400, 'parameter_invalid'])
  const own = await grant(test, await issuer.sign({ iss: 'nhi_sync', sub: 'nhi_sync', aud: test.url }))
  assert.deepEqual([own.status, own.body.code], [400, 'federation_refused'])
  for (const name of ['instance', 'workflow_run']) {
    const { body } = await grant(test, await issuer.sign(githubJob({ aud: test.url })), { [name]: 'another' })
    assert.equal(body.code, 'parameter_invalid')
    assert.match(body.error_description, new RegExp(`: ${name} is another one than the proof names; `))
  }
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ExternalAccountClient, JWT } from 'google-auth-library'
import { type GoogleSettings, googleCredential, type TokenOf } from '../../src/connectors/google/credential.ts'
import { createOutbound, type Reaching } from '../../src/kit/fetch.ts'
import { provenBy, READER, READER_KEY } from './fake-google.ts'
import { type Reply, startVendor, type VendorRequest } from './fake-vendor.ts'

// How a connector proves itself to Google, held to what Google's own client sends.

const CLOUD = 'https://www.googleapis.com/auth/cloud-platform'
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/reeve/providers/home'
const TARGET = 'target@acme.iam.gserviceaccount.com'
const NOW = new Date('2026-11-01T12:00:00Z')
const outbound = createOutbound({ privateNetworks: ['127.0.0.0/8'] })

/** Google's own side of it: every way to a token, each with the next number. */
const startGoogle = async (t: TestContext) => {
  const answers: Reply[] = []
  let count = 0
  const answer = ({ url }: VendorRequest): Reply => {
    const given = answers.shift()
    if (given !== undefined) return given
    count += 1
    if (url.pathname.endsWith(':signJwt'))
      return { body: JSON.stringify({ keyId: 'x', signedJwt: 'signed.by.google' }) }
    if (url.pathname.endsWith(':generateAccessToken'))
      return { body: JSON.stringify({ accessToken: `t${count}`, expireTime: '2026-11-01T13:00:00Z' }) }
    const headers = { 'metadata-flavor': 'Google' }
    return { headers, body: JSON.stringify({ access_token: `t${count}`, expires_in: 3600, token_type: 'Bearer' }) }
  }
  const google = await startVendor(t, { vendor: '', secret: '', settings: () => ({}), partOf: () => '', answer })
  return { ...google, answers }
}

type Google = Awaited<ReturnType<typeof startGoogle>>

const clockAt = (at: Date) => ({ now: at })

const credential = (
  google: Google,
  secret: string,
  over: { settings?: GoogleSettings; of?: Partial<TokenOf>; clock?: { now: Date } } = {},
) => {
  const { settings = {}, of = {}, clock = clockAt(NOW) } = over
  // The machine's own address cannot be had here: what is sent to it is sent to this server.
  const machine: Reaching = {
    ...outbound,
    send: (url, message) => outbound.send(url.replace('http://169.254.169.254/', `${google.url}/machine/`), message),
  }
  const { signal } = new AbortController()
  const asking = { secret, reach: outbound, signal, now: () => clock.now, wait: async () => undefined }
  const endpoint = secret === '' ? {} : { endpoint: google.url }
  return googleCredential({ ...endpoint, ...settings }, asking, { scopes: [CLOUD], ...of }, machine)
}

const formOf = ({ body }: VendorRequest) => Object.fromEntries(new URLSearchParams(body))
const pathsOf = ({ asked }: Google) => asked.map(({ url }) => url.pathname)

test('the key of a service account signs what the client of Google signs, for the same scope and in the same name', async (t) => {
  const google = await startGoogle(t)
  for (const subject of [undefined, 'admin@acme.example']) {
    google.asked.length = 0
    assert.deepEqual(await credential(google, READER_KEY, { of: { subject } })(), {
      authorization: `Bearer t${subject === undefined ? 1 : 3}`,
    })
    const client = new JWT({
      ...{ email: READER, key: JSON.parse(READER_KEY).private_key, keyId: 'k1', scopes: [CLOUD] },
      ...(subject === undefined ? {} : { subject }),
    })
    client.transporter.defaults.fetchImplementation = async (url, init) => {
      assert.equal(String(url), 'https://oauth2.googleapis.com/token')
      return fetch(`${google.url}/oauth2/token`, { method: 'POST', body: String(init?.body) })
    }
    await client.authorize()
    const [ours, theirs] = google.asked.map((request) => {
      const { grant_type, assertion = '', ...rest } = formOf(request)
      const { header, claims } = provenBy(assertion)
      const { iat, exp, ...named } = claims
      return { path: request.url.pathname, grant_type, rest, alg: header.alg, named, seconds: exp - iat }
    })
    assert.deepEqual(ours, theirs)
    assert.equal(ours?.named.sub, subject)
  }
})

test('a token of another issuer is exchanged, and an account become, as the client of Google does it', async (t) => {
  const google = await startGoogle(t)
  const folder = mkdtempSync(join(tmpdir(), 'reeve-google-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'a token of home')
  const client = ExternalAccountClient.fromJSON({
    ...{ type: 'external_account', audience: AUDIENCE, credential_source: { file } },
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${google.url}/sts/v1/token`,
    service_account_impersonation_url: `${google.url}/iamcredentials/v1/projects/-/serviceAccounts/${TARGET}:generateAccessToken`,
  })
  assert.ok(client !== null)
  client.scopes = [CLOUD]
  await client.getAccessToken()
  const theirs = google.asked.splice(0)
  const settings = { provider: AUDIENCE, serviceAccount: TARGET }
  assert.deepEqual(await credential(google, 'a token of home\n', { settings })(), { authorization: 'Bearer t4' })
  assert.deepEqual(
    google.asked.map(({ url }) => url.pathname),
    theirs.map(({ url }) => url.pathname),
  )
  const [exchange, becoming] = google.asked
  const [theirExchange, theirBecoming] = theirs
  assert.ok(exchange && becoming && theirExchange && theirBecoming)
  assert.deepEqual(formOf(exchange), formOf(theirExchange))
  assert.deepEqual(JSON.parse(becoming.body).scope, JSON.parse(theirBecoming.body).scope)
  assert.equal(becoming.headers.authorization, 'Bearer t3')
})

test('without a secret it asks as the machine that it runs on, and is told where that is none of Google', async (t) => {
  const google = await startGoogle(t)
  assert.deepEqual(await credential(google, '')(), { authorization: 'Bearer t1' })
  const [asked] = google.asked
  assert.equal(asked?.url.pathname, '/machine/computeMetadata/v1/instance/service-accounts/default/token')
  assert.equal(asked.headers['metadata-flavor'], 'Google')
  // Another cloud answers there as well, though not as Google does.
  google.answers.push({ body: '{"access_token":"of another cloud","expires_in":3600}' })
  await assert.rejects(credential(google, '')(), /runs on no machine of Google/)
  google.answers.push({ status: 404, body: '{}' })
  await assert.rejects(credential(google, '')(), /give it a key, or the setting provider/)
})

test('the token of the machine is not even asked for where it would go elsewhere than to Google', async (t) => {
  const google = await startGoogle(t)
  for (const settings of [{ endpoint: google.url }, { endpoint: google.url, serviceAccount: TARGET }])
    await assert.rejects(credential(google, '', { settings })(), /only Google itself is asked/)
  assert.deepEqual(pathsOf(google), [])
})

test('in the name of an administrator without a key, the account that is become signs', async (t) => {
  const google = await startGoogle(t)
  const of = { subject: 'admin@acme.example' }
  const settings = { provider: AUDIENCE, serviceAccount: TARGET }
  assert.deepEqual(await credential(google, 'a token of home', { settings, of })(), { authorization: 'Bearer t3' })
  const [, signing, grant] = google.asked
  assert.equal(signing?.url.pathname, `/iamcredentials/v1/projects/-/serviceAccounts/${TARGET}:signJwt`)
  const { iss, sub, aud, scope } = JSON.parse(JSON.parse(signing.body).payload)
  assert.deepEqual([iss, sub, aud, scope], [TARGET, of.subject, 'https://oauth2.googleapis.com/token', CLOUD])
  assert.equal(formOf(grant ?? assert.fail()).assertion, 'signed.by.google')
  await assert.rejects(credential(google, '', { of })(), /takes the setting serviceAccount/)
})

test('one token is bought for many requests at once, a new one before it ends, and a refusal is not asked for twice', async (t) => {
  const google = await startGoogle(t)
  const clock = clockAt(NOW)
  const headers = credential(google, READER_KEY, { clock })
  const many = await Promise.all([headers(), headers(), headers()])
  assert.deepEqual([new Set(many.map(({ authorization }) => authorization)).size, google.asked.length], [1, 1])
  clock.now = new Date(NOW.getTime() + 50 * 60_000)
  assert.deepEqual(await headers(), many[0])
  clock.now = new Date(NOW.getTime() + 57 * 60_000)
  assert.deepEqual(await Promise.all([headers(), headers()]), new Array(2).fill({ authorization: 'Bearer t2' }))
  google.answers.push({ status: 400, body: '{"error":"invalid_grant"}' })
  const refused = credential(google, READER_KEY)
  for (const _ of [1, 2]) await assert.rejects(refused(), { status: 401 })
  assert.equal(google.asked.length, 3)
})

test('a wrong secret is told in words, without a word of it, and sends nothing', async (t) => {
  const google = await startGoogle(t)
  const secrets: readonly [string, GoogleSettings, RegExp][] = [
    ['hunter2', {}, /no key of a service account/],
    [JSON.stringify({ ...JSON.parse(READER_KEY), private_key: 'hunter2' }), {}, /private key .* cannot be read/],
    [
      JSON.stringify({ type: 'external_account', credential_source: { file: '/etc/passwd' }, token_url: google.url }),
      {},
      /setting provider/,
    ],
    ['', { provider: AUDIENCE }, /takes a token of its issuer/],
  ]
  for (const [secret, settings, why] of secrets)
    await assert.rejects(credential(google, secret, { settings })(), (error: Error) => {
      assert.match(error.message, why)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
  assert.deepEqual(pathsOf(google), [])
})

test('who may not become an account is told which role that takes, and not which part', async (t) => {
  const google = await startGoogle(t)
  google.answers.push({ body: '{"access_token":"t","expires_in":3600}' }, { status: 403, body: '{}' })
  await assert.rejects(credential(google, READER_KEY, { settings: { serviceAccount: TARGET } })(), {
    message: /serviceAccountTokenCreator/,
    status: undefined,
  })
})

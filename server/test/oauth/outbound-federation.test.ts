import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ExternalAccountClient } from 'google-auth-library'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { openClouds } from '../../../examples/clouds/clouds.ts'
import { TIERS } from '../../src/settings.ts'
import { addKey, addSecret, assertionForm, onEveryBroker, post, signAssertion, type TestBroker } from '../broker.ts'

const ISSUER = 'https://reeve.example'
const AWS = 'https://sts.amazonaws.com'
const AWS_STAGING = 'https://sts.amazonaws.com/staging'
const PROVIDER =
  '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme/providers/reeve'
const GOOGLE = `https:${PROVIDER}`
const AZURE = 'api://AzureADTokenExchange'
const ROLE = 'arn:aws:iam::123456789012:role/OrdersSync'

/** An identity in production with a grant in each cloud, one in staging, and three clouds that know the first. */
const setUpClouds = async (test: TestBroker, t: TestContext) => {
  const awsSessionTags = [{ tag: 'application', key: 'Application', isTransitive: true }]
  test.decisions.addResource(AWS, { awsSessionTags })
  test.decisions.addResource(AWS_STAGING, { environment: 'staging' })
  test.decisions.addResource(GOOGLE, { tagClaims: [{ tag: 'application', claim: 'app' }] })
  test.decisions.addResource(AZURE, { algorithm: 'RS256' })
  test.subjects.put('nhi_sync')
  test.subjects.put('nhi_other')
  test.subjects.put('nhi_staging', { environment: 'staging' })
  for (const uri of [AWS, GOOGLE, AZURE])
    for (const id of ['nhi_sync', 'nhi_other', 'nhi_staging']) test.decisions.grant(id, uri, ['orders.read'])
  test.decisions.grant('nhi_staging', AWS_STAGING, ['orders.read'])
  const clouds = await openClouds({
    issuer: ISSUER,
    reachedAt: test.url,
    now: () => test.room.clock.now(),
    aws: {
      audiences: [AWS, AWS_STAGING],
      roles: { [ROLE]: { audience: AWS, subject: 'nhi_sync', mayTagSession: true } },
    },
    google: { provider: PROVIDER, subjects: ['nhi_sync'] },
    azure: { clients: { app: { subject: 'nhi_sync', audience: AZURE } } },
  })
  t.after(() => clouds.server.close())
  const ask = async (path: string, form: Record<string, string>) => {
    const response = await fetch(clouds.url + path, { method: 'POST', body: new URLSearchParams(form) })
    return { status: response.status, text: await response.text() }
  }
  return {
    url: clouds.url,
    aws: (token: string) =>
      ask('/', { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: ROLE, WebIdentityToken: token }),
    google: (token: string) =>
      ask('/v1/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: PROVIDER,
        subject_token: token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      }),
    azure: (token: string) =>
      ask('/tenant/oauth2/v2.0/token', {
        grant_type: 'client_credentials',
        client_id: 'app',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: token,
      }),
  }
}

const request = async (test: TestBroker, identity: string, resource: string) => {
  const { secret } = await addSecret(test, identity)
  return post(test, '/oauth/token', {
    ...{ grant_type: 'client_credentials', client_id: identity, client_secret: secret, resource },
  })
}

const tokenOf = async (test: TestBroker, identity: string, resource: string): Promise<string> =>
  (await request(test, identity, resource)).body.access_token

const onClouds = (name: string, body: (test: TestBroker, t: TestContext) => Promise<void>) =>
  onEveryBroker(name, body, { issuer: ISSUER })

onClouds('AWS gives a role for a token of its resource, with the tags that the resource asks for', async (test, t) => {
  const { aws } = await setUpClouds(test, t)
  const { status, text } = await aws(await tokenOf(test, 'nhi_sync', AWS))
  assert.equal(status, 200, text)
  assert.match(text, /<SubjectFromWebIdentityToken>nhi_sync<.*<Application>orders</)
})

onClouds('Google takes the name of a provider, written as https, for a token of its resource', async (test, t) => {
  const { google } = await setUpClouds(test, t)
  const token = await tokenOf(test, 'nhi_sync', GOOGLE)
  assert.equal(decodeJwt(token).app, 'orders', 'for its attribute mapping')
  const { status, text } = await google(token)
  assert.deepEqual([status, JSON.parse(text).access_token], [200, 'google-nhi_sync'])
})

onClouds(
  "Google's own client gets in with a token in a file, by the configuration that gcloud writes",
  async (test, t) => {
    const { url } = await setUpClouds(test, t)
    const folder = mkdtempSync(join(tmpdir(), 'reeve-clouds-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'token')
    writeFileSync(file, await tokenOf(test, 'nhi_sync', GOOGLE))
    const client = ExternalAccountClient.fromJSON({
      type: 'external_account',
      audience: PROVIDER,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${url}/v1/token`,
      credential_source: { file },
    })
    assert.equal((await client?.getAccessToken())?.token, 'google-nhi_sync')
  },
)

onClouds('Azure takes RS256 and nothing else, and the subject letter by letter', async (test, t) => {
  const { azure } = await setUpClouds(test, t)
  const token = await tokenOf(test, 'nhi_sync', AZURE)
  assert.equal(decodeProtectedHeader(token).alg, 'RS256')
  assert.equal((await azure(token)).status, 200)
  assert.equal((await azure(await tokenOf(test, 'nhi_other', AZURE))).status, 400)
  test.decisions.addResource(AZURE, { algorithm: 'ES256' })
  const { status, text } = await azure(await tokenOf(test, 'nhi_sync', AZURE))
  assert.deepEqual([status, JSON.parse(text).error], [400, 'ERR_JOSE_ALG_NOT_ALLOWED'])
})

onClouds('no cloud takes the token of another cloud, of another identity, or one that ended', async (test, t) => {
  const clouds = await setUpClouds(test, t)
  const names = ['aws', 'google', 'azure'] as const
  const uris = { aws: AWS, google: GOOGLE, azure: AZURE }
  for (const of of names)
    for (const at of names) {
      const expected = of === at ? 200 : 400
      assert.equal((await clouds[at](await tokenOf(test, 'nhi_sync', uris[of]))).status, expected, `${of} at ${at}`)
      assert.equal((await clouds[at](await tokenOf(test, 'nhi_other', uris[of]))).status, 400)
    }
  const tokens = await Promise.all(names.map((name) => tokenOf(test, 'nhi_sync', uris[name])))
  test.room.clock.advance(TIERS.low.tokenSecondsMax * 1000)
  for (const [at, name] of names.entries()) assert.equal((await clouds[name](tokens[at] ?? '')).status, 400, name)
})

onClouds('environments stay apart: staging gets no token of a production cloud, nor a role there', async (test, t) => {
  const { aws } = await setUpClouds(test, t)
  for (const uri of [AWS, GOOGLE, AZURE]) {
    const { status, body } = await request(test, 'nhi_staging', uri)
    assert.deepEqual([status, body.error], [400, 'invalid_target'], uri)
  }
  assert.equal((await aws(await tokenOf(test, 'nhi_staging', AWS_STAGING))).status, 400)
})

onClouds(
  'the tier holds for clouds: none is told more than minutes, and high gets no unbound token',
  async (test, t) => {
    await setUpClouds(test, t)
    const { privateKey } = await addKey(test)
    const ask = async (resource: string) => {
      const assertion = await signAssertion(test, privateKey, { aud: ISSUER })
      return post(test, '/oauth/token', { grant_type: 'client_credentials', resource, ...assertionForm(assertion) })
    }
    const raise = async (tier: 'low' | 'medium' | 'high') => {
      test.subjects.put('nhi_sync', { tier })
      await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
      await test.room.changes.catchUp()
    }
    for (const tier of ['low', 'medium'] as const) {
      await raise(tier)
      const { iss, exp = 0, iat = 0, sub = '' } = decodeJwt((await ask(AWS)).body.access_token)
      assert.equal(exp - iat, TIERS[tier].tokenSecondsDefault)
      assert.deepEqual([iss, sub], [ISSUER, 'nhi_sync'])
    }
    await raise('high')
    for (const resource of [AWS, GOOGLE, AZURE]) {
      const { status, body } = await ask(resource)
      assert.deepEqual([status, body.code], [400, 'sender_constraint_required'], JSON.stringify(body))
    }
  },
)

import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { decodeJwt, importX509, jwtVerify } from 'jose'
import { makeAuthority, makeCertificate } from '../../../test/certificates.ts'
import { openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { CLIENT, estate, fakeAzure, refusal, TENANT, tokenReply } from './fake-azure.ts'
import { type FakeVendor, startVendor } from './fake-vendor.ts'

const NAME = 'live'

/** A connector that proves itself so, and what its logins were asked with. */
const opened = async (
  room: Parameters<typeof openLive>[0],
  t: Parameters<typeof startVendor>[0],
  { secret, ...over }: { readonly secret: string; readonly proof?: string; readonly cloud?: string },
  login = tokenReply,
) => {
  const forms: URLSearchParams[] = []
  const fake: FakeVendor = fakeAzure(estate(), (form) => {
    forms.push(form)
    return login(form)
  })
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const settings = { ...fake.settings(vendor.url), ...over }
  await live.call('inventory.connector.add', { name: NAME, vendor: 'azure', settings, secret })
  return { live, vendor, forms }
}

onEveryEngine('an application proves itself by its client secret, once for each API', async (room, t) => {
  const { live, forms, vendor } = await opened(room, t, { secret: 'a client secret' })
  assert.equal((await live.run(NAME)).outcome, 'complete')
  assert.deepEqual(
    forms.map((form) => [form.get('scope'), form.get('client_id'), form.get('client_secret')]),
    [
      ['https://graph.microsoft.com/.default', CLIENT, 'a client secret'],
      ['https://management.azure.com/.default', CLIENT, 'a client secret'],
    ],
  )
  assert.ok(!JSON.stringify(vendor.asked.filter(({ method }) => method === 'GET')).includes('a client secret'))
})

onEveryEngine('an application proves itself by its certificate: PS256, and the key goes nowhere', async (room, t) => {
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
  const { cert, key } = await (await makeAuthority()).issue({ keys })
  const { live, forms } = await opened(room, t, { secret: `${cert}\n${key}`, proof: 'certificate' })
  assert.deepEqual((await live.run(NAME)).gaps, [])
  const [first] = forms
  assert.equal(first?.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  const { payload, protectedHeader } = await jwtVerify(
    first?.get('client_assertion') ?? '',
    await importX509(cert, 'PS256'),
    {
      ...{ algorithms: ['PS256'], issuer: CLIENT, subject: CLIENT, currentDate: room.clock.now() },
      audience: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
    },
  )
  const thumbprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
  assert.equal(protectedHeader['x5t#S256'], thumbprint)
  assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 300)
  assert.deepEqual(
    [first?.has('client_secret'), [...(first?.values() ?? [])].some((each) => each.includes('KEY'))],
    [false, false],
  )
  const ids = forms.map((form) => decodeJwt(form.get('client_assertion') ?? '').jti)
  assert.equal(new Set(ids).size, 2, 'no assertion is used twice')
})

onEveryEngine('an application proves itself by a token of another issuer, as a file holds it', async (room, t) => {
  const { live, forms } = await opened(room, t, { secret: 'aGVhZA.Ym9keQ.c2ln\n', proof: 'federation' })
  assert.deepEqual((await live.run(NAME)).gaps, [])
  assert.deepEqual([forms[0]?.get('client_assertion'), forms[0]?.has('client_secret')], ['aGVhZA.Ym9keQ.c2ln', false])
})

onEveryEngine(
  'a login that is refused is told by its number and the next step, and is tried once a run',
  async (room, t) => {
    const { live, forms, vendor } = await opened(room, t, { secret: 'wrong' }, () => refusal(7000215))
    const run = await live.run(NAME)
    assert.equal(run.outcome, 'failed')
    const whys = new Set(run.gaps.map(({ why }: { why: string }) => why))
    assert.deepEqual(
      [...whys],
      ['its login is refused (AADSTS7000215): the client secret is wrong; give the value of the secret, not its id'],
    )
    assert.deepEqual([forms.length, vendor.asked.length], [1, 1])
  },
)

onEveryEngine('a secret of another form than its proof takes is told, and is sent nowhere', async (room, t) => {
  const ec = await makeCertificate()
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
  const rsa = await (await makeAuthority()).issue({ keys })
  const other = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
  const stranger = await (await makeAuthority()).issue({ keys: other })
  const wrong: readonly [proof: string, secret: string, why: RegExp][] = [
    ['certificate', 'a client secret', /no private key \(RSA\) with its certificate/],
    ['certificate', rsa.key, /no private key \(RSA\) with its certificate/],
    ['certificate', `${ec.cert}\n${ec.key}`, /no private key \(RSA\)/],
    ['certificate', `${rsa.cert}\n${stranger.key}`, /not that of the certificate beside it/],
    ['federation', 'a client secret', /no token \(JWT\)/],
  ]
  const { live, forms } = await opened(room, t, { secret: 'x' })
  for (const [proof, secret, why] of wrong) {
    const { settings } = await live.call('inventory.connector.show', { connector: NAME })
    await live.call('inventory.connector.change', { connector: NAME, settings: { ...settings, proof }, secret })
    const run = await live.run(NAME)
    assert.equal(run.outcome, 'failed')
    assert.match(run.gaps[0]?.why, why)
    assert.doesNotMatch(JSON.stringify(run), /BEGIN|a client secret/)
  }
  assert.deepEqual(forms, [])
})

onEveryEngine('a token is renewed before it ends', async (room, t) => {
  const { live, forms } = await opened(room, t, { secret: 'x' }, (form) => {
    const { body } = tokenReply(form)
    return { body: body.replace('3599', '299') }
  })
  assert.equal((await live.run(NAME)).outcome, 'complete')
  assert.ok(forms.length > 10, 'one for each request, since each has less than five minutes left')
})

onEveryEngine('another cloud is asked for tokens of its own APIs', async (room, t) => {
  const { live, forms } = await opened(room, t, { secret: 'x', cloud: 'us-government' })
  assert.equal((await live.run(NAME)).outcome, 'failed', 'the fake takes tokens of the public cloud alone')
  assert.deepEqual(
    forms.map((form) => form.get('scope')),
    ['https://graph.microsoft.us/.default', 'https://management.usgovcloudapi.net/.default'],
  )
})

const RSA = {
  ...{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-256' },
  publicExponent: new Uint8Array([1, 0, 1]),
}

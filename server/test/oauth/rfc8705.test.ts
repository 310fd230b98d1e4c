import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { type Certificate, makeAuthority, makeCertificate, x509 } from '../../../test/certificates.ts'
import { TIERS } from '../../src/settings.ts'
import { addSecret, ORDERS } from '../broker.ts'
import { holdKey } from '../dpop.ts'
import { byCertificate, type MtlsBroker, onEveryMtlsBroker, register, send } from '../mtls.ts'

const TOKEN = '/oauth/token'
const DAY_MS = 86_400_000

const selfSigned = async (test: MtlsBroker, by?: Certificate) => {
  const own = by ?? (await makeCertificate())
  return { own, credential: await register(test, { kind: 'self-signed-tls', certificate: own.cert }) }
}

/** Asks with this certificate; gives the code of a refusal, or `ok`. */
const outcome = async (test: MtlsBroker, by: Certificate | undefined, more: Record<string, string> = {}) => {
  const { status, body } = await test.ask(TOKEN, byCertificate(more), { by })
  return status === 200 ? 'ok' : body.code
}

onEveryMtlsBroker(
  'RFC 8705 §2.2, §3: a registered certificate proves its client, and its token is bound to it',
  async (test) => {
    const { own, credential } = await selfSigned(test)
    assert.deepEqual([credential.kind, credential.thumbprint], ['self-signed-tls', own.thumbprint])
    assert.ok(Date.parse(credential.expiresAt) <= Date.now() + DAY_MS, 'it ends with its certificate')
    const { status, body } = await test.ask(TOKEN, byCertificate(), { by: own })
    assert.deepEqual([status, body.token_type], [200, 'Bearer'])
    assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': own.thumbprint })
    const asked = await test.ask('/oauth/introspect', { client_id: 'nhi_sync', token: body.access_token }, { by: own })
    assert.deepEqual([asked.body.active, asked.body.token_type], [true, 'Bearer'])
    assert.deepEqual(asked.body.cnf, { 'x5t#S256': own.thumbprint }, '§3.2')
    const [issued] = (await test.room.events()).filter(({ kind }) => kind === 'broker.token.issue')
    assert.deepEqual([issued?.credential, issued?.evidence.boundToCertificate], [credential.id, own.thumbprint])
    const other = await makeCertificate({ keys: own.keys })
    const wrong: [string, Certificate | undefined][] = [
      ['another certificate', await makeCertificate()],
      ['another one of its key: it is the certificate that is registered', other],
      ['none', undefined],
    ]
    for (const [what, by] of wrong)
      assert.equal(await outcome(test, by), by === undefined ? 'client_proof_missing' : 'client_not_proven', what)
    assert.equal(await outcome(test, own, { client_id: 'nhi_orders_api' }), 'client_not_proven')
    assert.equal(await outcome(test, own, { client_id: 'nhi_nobody' }), 'client_not_proven')
    const without = await test.ask(TOKEN, { grant_type: 'client_credentials', resource: ORDERS }, { by: own })
    assert.equal(without.body.code, 'client_proof_missing', '§2: client_id is needed')
  },
)

onEveryMtlsBroker(
  'RFC 8705 §2.2: a registered key proves its client by each of its certificates, and by no assertion',
  async (test) => {
    const own = await makeCertificate()
    const { kty, crv, x, y } = own.publicJwk
    await register(test, { kind: 'self-signed-tls', publicKey: { kty, crv, x, y } })
    assert.equal(await outcome(test, own), 'ok')
    assert.equal(await outcome(test, await makeCertificate({ subject: 'CN=renewed', keys: own.keys })), 'ok')
    assert.equal(await outcome(test, await makeCertificate()), 'client_not_proven')
    const now = Math.floor(test.room.clock.now().getTime() / 1000)
    const assertion = await new SignJWT({
      iss: 'nhi_sync',
      sub: 'nhi_sync',
      aud: test.url,
      jti: 'one',
      iat: now,
      exp: now + 60,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(own.keys.privateKey)
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const form = byCertificate({ client_assertion: assertion, client_assertion_type: type })
    assert.equal((await test.ask(TOKEN, form)).body.code, 'client_not_proven')
  },
)

onEveryMtlsBroker('RFC 8705 §2.1: of a certificate that the CA issued the one registered name counts', async (test) => {
  const { clientCa } = test
  const names = [
    ['dn', 'CN=sync,OU=batch,O=Acme\\, Inc', { subject: 'O=Acme\\, Inc, OU=batch, CN=sync' }],
    ['dns', 'SYNC.acme.example', { names: [{ type: 'dns', value: 'sync.acme.example' }] }],
    ['uri', 'spiffe://acme.example/sync', { names: [{ type: 'url', value: 'spiffe://acme.example/sync' }] }],
    ['ip', '2001:db8:0::5', { names: [{ type: 'ip', value: '2001:db8::5' }] }],
    ['email', 'sync@ACME.example', { names: [{ type: 'email', value: 'sync@acme.example' }] }],
  ] as const
  for (const [type, value, input] of names) {
    const id = `nhi_${type}`
    const named = await register(test, { kind: 'tls-client-auth', certificateName: { type, value } }, id)
    assert.deepEqual([named.certificateName.type, named.thumbprint], [type, null])
    const good = await clientCa.issue(input as Parameters<typeof clientCa.issue>[0])
    assert.equal(await outcome(test, good, { client_id: id }), 'ok', type)
    const other = await clientCa.issue({ subject: 'CN=other', names: [{ type: 'dns', value: 'other.acme.example' }] })
    assert.equal(await outcome(test, other, { client_id: id }), 'client_not_proven', type)
    // One name is one identity.
    test.subjects.put('nhi_second')
    const again = { identity: 'nhi_second', kind: 'tls-client-auth', certificateName: { type, value } }
    await assert.rejects(test.call('broker.credential.add', again), { code: 'credential_key_in_use' })
  }
})

onEveryMtlsBroker('RFC 8705 §7.1: what a certificate has to be, and each way in which it is not', async (test) => {
  const { clientCa } = test
  const value = 'sync.acme.example'
  const names = [{ type: 'dns', value }] as const
  await register(test, { kind: 'tls-client-auth', certificateName: { type: 'dns', value } })
  const good = await clientCa.issue({ names: [...names] })
  assert.equal(await outcome(test, good), 'ok')
  const elsewhere = await makeAuthority('CN=Other CA')
  const namesake = await makeAuthority('CN=Client CA')
  const below = await makeAuthority('CN=Below', clientCa)
  const ago = { from: new Date(Date.now() - 3 * DAY_MS), to: new Date(Date.now() - DAY_MS) }
  const later = { from: new Date(Date.now() + DAY_MS), to: new Date(Date.now() + 3 * DAY_MS) }
  const usage = (flags: x509.KeyUsageFlags) => new x509.KeyUsagesExtension(flags, true)
  const { serverAuth } = x509.ExtendedKeyUsage
  const dns = (...values: string[]) => ({ names: values.map((each) => ({ type: 'dns' as const, value: each })) })
  const wrong: [string, string, Certificate][] = [
    ['expired', 'expired', await clientCa.issue({ ...dns(value), ...ago })],
    ['not valid yet', 'not_valid_yet', await clientCa.issue({ ...dns(value), ...later })],
    ['self-signed', 'issuer_not_trusted', await makeCertificate(dns(value))],
    ['another CA', 'issuer_not_trusted', await elsewhere.issue(dns(value))],
    ['another CA of the same name', 'issuer_not_trusted', await namesake.issue(dns(value))],
    ['a CA below the CA', 'issuer_not_trusted', await below.issue(dns(value))],
    ['another SAN', 'not_registered', await clientCa.issue(dns('other.acme.example'))],
    ['two SANs', 'not_registered', await clientCa.issue(dns(value, 'other.acme.example'))],
    ['the name twice', 'not_registered', await clientCa.issue(dns(value, value))],
    ['a wildcard', 'not_registered', await clientCa.issue(dns('*.acme.example'))],
    ['a NUL', 'not_registered', await clientCa.issue(dns(`${value}\0.evil.example`))],
    ['beside a wildcard', 'not_registered', await clientCa.issue(dns(value, '*.acme.example'))],
    ['only in its CN', 'not_registered', await clientCa.issue({ subject: `CN=${value}` })],
    ['as a URI', 'not_registered', await clientCa.issue({ names: [{ type: 'url', value: `https://${value}` }] })],
    [
      'for servers',
      'not_for_clients',
      await clientCa.issue({ ...dns(value), extensions: [new x509.ExtendedKeyUsageExtension([serverAuth])] }),
    ],
    [
      'for encryption',
      'not_for_signing',
      await clientCa.issue({ ...dns(value), extensions: [usage(x509.KeyUsageFlags.keyAgreement)] }),
    ],
    [
      'a critical extension that nobody knows',
      'critical_extension',
      await clientCa.issue({
        ...dns(value),
        more: [new x509.Extension('1.3.6.1.4.1.99999.1', true, new Uint8Array([5, 0]))],
      }),
    ],
    [
      'a CA itself',
      'is_a_ca',
      await clientCa.issue({
        ...dns(value),
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          usage(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature),
        ],
      }),
    ],
  ]
  for (const [what, why, by] of wrong) {
    const { status, body } = await test.ask(TOKEN, byCertificate(), { by })
    assert.deepEqual([status, body.error, body.code], [401, 'invalid_client', 'client_not_proven'], what)
    assert.equal((await test.room.events()).at(-1)?.evidence.why, why, what)
  }
  // A chain beside it is not looked at: what is below the CA does not become trusted by it.
  const chained = await below.issue(dns(value))
  assert.equal(await outcome(test, { ...chained, cert: `${chained.cert}\n${below.cert}` }), 'client_not_proven')
  assert.equal(await outcome(test, good), 'ok')
})

onEveryMtlsBroker(
  'a name with a NUL, a wildcard or of no form is not registered, nor what is no certificate',
  async (test) => {
    test.subjects.put('nhi_sync')
    const add = (input: Record<string, unknown>) =>
      test.call('broker.credential.add', { identity: 'nhi_sync', ...input })
    const byName = (type: string, value: string) => add({ kind: 'tls-client-auth', certificateName: { type, value } })
    for (const [type, value] of [
      ['dns', '*.acme.example'],
      ['dns', 'a..b'],
      ['dns', 'x'.repeat(300)],
      ['uri', 'no scheme'],
      ['ip', '10.0.0.0/8'],
      ['ip', 'fe80::1%eth0'],
      ['email', 'nobody'],
      ['dn', 'orders-sync'],
      ['dn', 'CN=a, O=b'],
      ['dn', 'cn=a'],
    ] as const)
      await assert.rejects(byName(type, value), { code: 'credential_certificate_wrong' }, `${type} ${value}`)
    await assert.rejects(byName('dns', 'a\u0000b'), { code: 'invalid_input' })
    const own = await makeCertificate()
    const ended = await makeCertificate({ to: new Date(Date.now() - 3_600_000) })
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    }
    const weak = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
    const weakly = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=weak',
      keys: weak,
      signingAlgorithm: rsa,
    })
    const small = { ...rsa, modulusLength: 2048, publicExponent: new Uint8Array([3]) }
    const keys = await crypto.subtle.generateKey(small, true, ['sign', 'verify'])
    const loosely = await makeCertificate({ keys }, await makeAuthority())
    for (const certificate of [
      ...['x', ended.cert, own.cert + own.cert, own.cert.slice(0, 200)],
      ...[weakly.toString('pem'), loosely.cert],
    ])
      await assert.rejects(add({ kind: 'self-signed-tls', certificate }), { code: 'credential_certificate_wrong' })
    await assert.rejects(add({ kind: 'self-signed-tls', certificate: own.cert + own.key }), { code: 'secret_in_text' })
    const name = { type: 'dns', value: 'a.example' }
    const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
    for (const input of [
      { kind: 'self-signed-tls' },
      { kind: 'tls-client-auth' },
      { kind: 'tls-client-auth', certificate: own.cert },
      { kind: 'self-signed-tls', certificateName: name },
      { kind: 'self-signed-tls', certificate: own.cert, publicKey },
      { kind: 'client-secret', certificate: own.cert },
      { kind: 'public-key', publicKey, certificateName: name },
    ])
      await assert.rejects(add(input), { code: 'credential_certificate_missing' }, JSON.stringify(input).slice(0, 80))
    const late = new Date(Date.now() + 2 * DAY_MS).toISOString()
    await assert.rejects(add({ kind: 'self-signed-tls', certificate: own.cert, expiresAt: late }), {
      code: 'credential_life_too_long',
    })
  },
)

onEveryMtlsBroker(
  'RFC 8705 §3: with another proof the token is bound to the certificate all the same, with DPoP to both',
  async (test) => {
    const { own } = await selfSigned(test)
    const { secret } = await addSecret(test)
    const shown = await makeCertificate()
    const form = byCertificate({ client_secret: secret })
    const bySecret = await test.ask(TOKEN, form, { by: shown })
    assert.deepEqual(decodeJwt(bySecret.body.access_token).cnf, { 'x5t#S256': shown.thumbprint })
    assert.equal(decodeJwt((await test.ask(TOKEN, form)).body.access_token).cnf, undefined)
    // A wrong secret is not mended by a right certificate: there is one proof, and it is wrong.
    const wrong = byCertificate({ client_secret: secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0') })
    assert.equal((await test.ask(TOKEN, wrong, { by: own })).status, 401)
    const held = await holdKey(test.room.clock)
    const url = test.url + TOKEN
    const dpop = async (nonce = '') => ({ dpop: await held.prove({ method: 'POST', url, nonce }) })
    const first = await test.ask(TOKEN, byCertificate(), { by: own, headers: await dpop() })
    const nonce = String(first.headers['dpop-nonce'])
    const both = (await test.ask(TOKEN, byCertificate(), { by: own, headers: await dpop(nonce) })).body
    assert.equal(both.token_type, 'DPoP')
    assert.deepEqual(decodeJwt(both.access_token).cnf, { jkt: held.jkt, 'x5t#S256': own.thumbprint })
  },
)

onEveryMtlsBroker(
  'a certificate is a sender constraint: the highest tier takes a token that is bound to one',
  async (test) => {
    const { own } = await selfSigned(test)
    const asked: boolean[] = []
    const { decide } = test.decisions
    test.decisions.decide = (question) => {
      asked.push(question.isSenderConstrained)
      return decide(question)
    }
    test.subjects.put('nhi_sync', { tier: 'high' })
    assert.equal(TIERS.high.senderConstrained, 'required')
    assert.equal(await outcome(test, own), 'ok')
    assert.deepEqual(asked, [true])
  },
)

onEveryMtlsBroker('whoever loses the credential, the identity or the name loses the way in, at once', async (test) => {
  const { own, credential } = await selfSigned(test)
  assert.equal(await outcome(test, own), 'ok')
  await test.call('broker.credential.quarantine', { credential: credential.id, reason: 'test' })
  assert.equal(await outcome(test, own), 'credential_stopped')
  await test.call('broker.credential.release', { credential: credential.id, reason: 'test' })
  assert.equal(await outcome(test, own), 'ok')
  await test.call('broker.credential.revoke', { credential: credential.id, reason: 'test' })
  assert.equal(await outcome(test, own), 'credential_stopped')
})

onEveryMtlsBroker('RFC 8705 §2.1.1, §2.2.1, §3.3: the metadata says what is taken', async (test) => {
  const { body } = await send(`${test.url}/.well-known/oauth-authorization-server`, { ca: test.serverCa.cert })
  for (const endpoint of ['token', 'introspection', 'revocation'])
    for (const method of ['self_signed_tls_client_auth', 'tls_client_auth'])
      assert.ok(body[`${endpoint}_endpoint_auth_methods_supported`].includes(method), `${endpoint} ${method}`)
  assert.equal(body.tls_client_certificate_bound_access_tokens, true)
  assert.equal(new URL(body.token_endpoint).protocol, 'https:')
})

onEveryMtlsBroker(
  'RFC 8693: what was bound to a certificate is exchanged for what is bound, and for nothing else',
  async (test) => {
    const { own } = await selfSigned(test)
    const { secret } = await addSecret(test)
    const bound = (await test.ask(TOKEN, byCertificate(), { by: own })).body.access_token
    const form = {
      ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: 'nhi_sync' },
      ...{ subject_token: bound, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    }
    const loose = await test.ask(TOKEN, { ...form, client_secret: secret })
    assert.deepEqual([loose.status, loose.body.code], [400, 'sender_constraint_required'])
    const { status, body } = await test.ask(TOKEN, form, { by: own })
    assert.deepEqual([status, body.token_type], [200, 'Bearer'])
    assert.deepEqual(decodeJwt(body.access_token).cnf, { 'x5t#S256': own.thumbprint })
    // Who exchanges is who is bound: with another certificate the token is for that one.
    const other = await makeCertificate()
    const again = (await test.ask(TOKEN, { ...form, client_secret: secret }, { by: other })).body.access_token
    assert.deepEqual(decodeJwt(again).cnf, { 'x5t#S256': other.thumbprint })
    const exchanged = (await test.room.events()).filter(({ kind }) => kind === 'broker.token.exchange')
    assert.ok(exchanged.some(({ evidence }) => evidence.boundToCertificate === own.thumbprint))
  },
)

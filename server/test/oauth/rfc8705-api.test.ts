import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as plainTest } from 'node:test'
import { createTokenSource, mtlsFetch } from '@reeve/sdk'
import { createClient, ReeveError } from '@reeve/sdk/client'
import { decodeJwt } from 'jose'
import { headerOf, makeAuthority, makeCertificate, serverCertificate } from '../../../test/certificates.ts'
import { holdKey } from '../dpop.ts'
import { startHostedServer } from '../hosted-server.ts'
import { send } from '../mtls.ts'
import { type Admin, enrolAdmin, makePlace, onEveryServer, type RunningServer } from '../process.ts'
import { bySecret, setUpWorkload, type Workload } from '../workload.ts'

// What only people may: an identity that is known is told so, and one that is not is told that it is nobody.
const CALL = '/v1/lifecycle.session.list'
const KNOWN = 'wrong_principal_type'
const PROXIED = { REEVE_CLIENT_CERT_PROXIES: '127.0.0.0/8' }

type Headers = Record<string, string>

const postWith = async (server: RunningServer, form: Headers, headers: Headers | [string, string][] = {}) => {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
  })
  return { status: response.status, body: await response.json() }
}

const codeOf = async (server: RunningServer, headers: Headers | [string, string][], path = CALL) => {
  const response = await fetch(server.url + path, { headers })
  const { code } = await response.json()
  return { code, challenge: response.headers.get('www-authenticate') ?? '' }
}

const registered = async (server: RunningServer, admin: Admin) => {
  const workload = await setUpWorkload(server, admin)
  const own = await makeCertificate()
  const { broker } = admin.client(server)
  await broker.credential.add({ identity: workload.id, kind: 'self-signed-tls', certificate: own.cert })
  return { workload, own }
}

const byCertificate = ({ id, audience }: Workload, resource = audience) => ({
  ...{ grant_type: 'client_credentials', client_id: id, resource },
})

onEveryServer(
  'RFC 8705 §3: our own API takes a bound token where its certificate is shown, and nowhere else',
  async ({ server, admin }) => {
    const { workload, own } = await registered(server, admin)
    const shown = { 'client-cert': headerOf(own) }
    const other = { 'client-cert': headerOf(await makeCertificate({ keys: own.keys })) }
    const form = byCertificate(workload, server.url)
    const { access_token: token, token_type: type } = (await postWith(server, form, shown)).body
    assert.deepEqual([type, decodeJwt(token).cnf], ['Bearer', { 'x5t#S256': own.thumbprint }])
    const authorization = `Bearer ${token}`
    assert.equal((await codeOf(server, { authorization, ...shown })).code, KNOWN)
    for (const headers of [{}, other, { 'client-cert': 'x' }, { 'client-cert': headerOf(own).slice(1) }]) {
      const { code, challenge } = await codeOf(server, { authorization, ...headers })
      assert.equal(code, 'certificate_not_shown')
      assert.match(challenge, /^Bearer realm="reeve"/)
    }
    assert.equal((await codeOf(server, { authorization: `DPoP ${token}`, ...shown })).code, 'sender_not_proven')
    // The quick way of the decision API is no way around it.
    const evaluation = (headers: Headers) =>
      fetch(`${server.url}/access/v1/evaluation`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          subject: { type: 'a', id: 'x' },
          action: { name: 'x' },
          resource: { type: 'x', id: 'x' },
        }),
      })
    assert.equal((await evaluation({})).status, 401)
    assert.notEqual((await evaluation(shown)).status, 401)
    assert.equal((await evaluation({})).status, 401, 'also when it was shown before')
    // What is bound to nothing goes over any connection.
    const unbound = (await postWith(server, bySecret(workload, server.url))).body.access_token
    assert.equal((await codeOf(server, { authorization: `Bearer ${unbound}`, ...shown })).code, KNOWN)
  },
  PROXIED,
)

onEveryServer(
  'RFC 8705 §3, RFC 9449 §7: a token that is bound to both needs both at our own API',
  async ({ server, admin }) => {
    const { workload, own } = await registered(server, admin)
    const shown = { 'client-cert': headerOf(own) }
    const held = await holdKey()
    const url = `${server.url}/oauth/token`
    const ask = async (nonce = '') =>
      fetch(url, {
        method: 'POST',
        body: new URLSearchParams(byCertificate(workload, server.url)),
        headers: { ...shown, dpop: await held.prove({ method: 'POST', url, nonce }) },
      })
    const nonce = (await ask()).headers.get('dpop-nonce') ?? ''
    const { access_token: token } = await (await ask(nonce)).json()
    const authorization = `DPoP ${token}`
    const dpop = () => held.prove({ method: 'GET', url: server.url + CALL, token })
    assert.equal((await codeOf(server, { authorization, dpop: await dpop(), ...shown })).code, KNOWN)
    assert.equal((await codeOf(server, { authorization, dpop: await dpop() })).code, 'certificate_not_shown')
    assert.equal((await codeOf(server, { authorization, ...shown })).code, 'sender_not_proven')
    assert.equal((await codeOf(server, { authorization: `Bearer ${token}`, ...shown })).code, 'token_refused')
  },
  PROXIED,
)

onEveryServer(
  'RFC 9440 §4: two headers, a list, padding or more bytes than a certificate are no certificate',
  async ({ server, admin }) => {
    const { workload, own } = await registered(server, admin)
    const form = byCertificate(workload)
    const good = headerOf(own)
    assert.equal((await postWith(server, form, { 'client-cert': good })).status, 200)
    const attacker = headerOf(await makeCertificate())
    const bytes = (more: Buffer) => headerOf({ der: Buffer.concat([own.der, more]) })
    const wrong: (Headers | [string, string][])[] = [
      [
        ['client-cert', attacker],
        ['client-cert', good],
      ],
      ...[
        `${attacker}, ${good}`,
        `${good}, ${attacker}`,
        `${good};a=1`,
        `"${good}"`,
        own.cert.replaceAll('\n', ' '),
        encodeURIComponent(own.cert),
        own.der.toString('base64'),
        bytes(Buffer.from([0])),
        bytes(own.der),
        headerOf({ der: own.der.subarray(0, -1) }),
        headerOf({ der: Buffer.alloc(9_000, 0x30) }),
        '::',
        '',
      ].map((value) => ({ 'client-cert': value })),
      ...['x-client-cert', 'ssl-client-cert', 'x-forwarded-client-cert', 'client_cert', 'x-ssl-client-cert'].map(
        (name) => ({ [name]: good }),
      ),
      { 'client-cert-chain': good },
    ]
    for (const headers of wrong) {
      const { status, body } = await postWith(server, form, headers)
      assert.deepEqual([status, body.code], [401, 'client_proof_missing'], JSON.stringify(headers).slice(0, 120))
    }
  },
  PROXIED,
)

for (const [what, environment] of [
  ['nobody', {}],
  ['another proxy', { REEVE_CLIENT_CERT_PROXIES: '10.9.8.0/24', REEVE_TRUSTED_PROXIES: '127.0.0.1' }],
] as const)
  onEveryServer(
    `RFC 9440 §4: the header counts for nothing where it comes from no proxy that is trusted for it: ${what}`,
    async ({ server, admin }) => {
      const { workload, own } = await registered(server, admin)
      const shown = { 'client-cert': headerOf(own) }
      const { body } = await postWith(server, byCertificate(workload), shown)
      assert.equal(body.code, 'client_proof_missing')
      // Nor is the address believed that another header tells.
      const told = { ...shown, 'x-forwarded-for': '10.9.8.7' }
      assert.equal((await postWith(server, byCertificate(workload), told)).body.code, 'client_proof_missing')
      const unbound = (await postWith(server, bySecret(workload), shown)).body.access_token
      assert.equal(decodeJwt(unbound).cnf, undefined)
      const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()
      const isTaken = Object.hasOwn(environment, 'REEVE_CLIENT_CERT_PROXIES')
      assert.equal(metadata.tls_client_certificate_bound_access_tokens, isTaken ? true : undefined)
    },
    environment,
  )

for (const engine of ['sqlite', 'postgres'] as const)
  plainTest(`the server ends TLS itself, and the SDK gets and uses a bound token there [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const plain = await startHostedServer(place)
      const { workload, own } = await registered(plain, await enrolAdmin(plain))
      await plain.stop()
      const authority = await makeAuthority()
      const { cert, key } = await serverCertificate(authority)
      const file = (name: string, text: string) => {
        writeFileSync(join(place.folder, name), text)
        return join(place.folder, name)
      }
      const REEVE_TLS_CERT_FILE = file('tls.crt', cert)
      const settings = { REEVE_TLS_CERT_FILE, REEVE_TLS_KEY_FILE: file('tls.key', key) }
      const another = file('another.key', own.key)
      for (const [wrong, words] of [
        [{ REEVE_TLS_CERT_FILE }, /give both or neither/],
        [{ ...settings, REEVE_TLS_KEY_FILE: another }, /cannot be used/],
        [{ ...settings, REEVE_TLS_KEY_FILE: join(place.folder, 'none') }, /cannot be used/],
        [{ ...settings, REEVE_TLS_CLIENT_CA_FILE: file('own.crt', own.cert) }, /not one of a CA/],
        [{ REEVE_TLS_CLIENT_CA_FILE: file('ca.crt', authority.cert) }, /nobody can show a certificate/],
      ] as const)
        await assert.rejects(startHostedServer(place, wrong), words)
      const server = await startHostedServer(place, settings)
      try {
        assert.match(server.url, /^https:/)
        const ca = authority.cert
        const mtls = { cert: own.cert, key: own.key, ca }
        const given = { issuer: server.url, clientId: workload.id, audience: server.url, mtls, feed: false } as const
        const source = createTokenSource(given)
        const bound = await source.token()
        assert.deepEqual(decodeJwt(bound).cnf, { 'x5t#S256': own.thumbprint })
        assert.equal((await (await source.fetch(server.url + CALL)).json()).code, KNOWN)
        const reeve = createClient({ baseUrl: server.url, as: source, fetch: mtlsFetch(mtls) })
        const isKnown = (error: unknown) => error instanceof ReeveError && error.code === KNOWN
        await assert.rejects(reeve.lifecycle.session.list({ limit: 5 }), isKnown)
        // A certificate of the connection is no header's to tell, nor to hide.
        const headers = { authorization: `Bearer ${bound}`, 'client-cert': headerOf(own) }
        assert.equal((await send(server.url + CALL, { ca, headers })).body.code, 'certificate_not_shown')
        const lie = { ...headers, 'client-cert': headerOf(await makeCertificate()) }
        assert.equal((await send(server.url + CALL, { ca, by: own, headers: lie })).body.code, KNOWN)
        source.close()
      } finally {
        await server.stop()
      }
    } finally {
      await place.remove()
    }
  })

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createTokenSource } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import {
  type Authority,
  type Certificate,
  headerOf,
  makeAuthority,
  makeCertificate,
  serverCertificate,
} from '../../../test/certificates.ts'
import { readConfig } from '../../src/config.ts'
import { addKey, assertionForm, ORDERS, setUpOrders, signAssertion } from '../broker.ts'
import { crowding } from '../crash/ready-time.ts'
import { holdKey } from '../dpop.ts'
import { startHostedServer } from '../hosted-server.ts'
import { onEveryMtlsBroker, send } from '../mtls.ts'
import { type Admin, enrolAdmin, makePlace, type RunningServer } from '../process.ts'
import { setUpWorkload, type Workload } from '../workload.ts'

interface Apart {
  readonly server: RunningServer
  readonly admin: Admin
  /** Where certificates are asked for. */
  readonly mtlsUrl: string
  readonly authority: Authority
  readonly workload: Workload
  readonly own: Certificate
}

/** Registers the test on each engine that is here, with a server of two listeners and an identity with a certificate. */
const onEveryApart = (
  name: string,
  body: (apart: Apart, t: TestContext) => Promise<void>,
  engines: readonly ('sqlite' | 'postgres')[] = ['sqlite', 'postgres'],
): void => {
  for (const engine of engines)
    test(`${name} [${engine}]`, async (t) => {
      const place = await makePlace(engine)
      if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
      t.after(() => place.remove())
      const plain = await startHostedServer(place)
      const admin = await enrolAdmin(plain)
      const workload = await setUpWorkload(plain, admin)
      const own = await makeCertificate()
      await admin
        .client(plain)
        .broker.credential.add({ identity: workload.id, kind: 'self-signed-tls', certificate: own.cert })
      await plain.stop()
      const authority = await makeAuthority()
      const { cert, key } = await serverCertificate(authority)
      const [REEVE_TLS_CERT_FILE, REEVE_TLS_KEY_FILE] = [join(place.folder, 'tls.crt'), join(place.folder, 'tls.key')]
      writeFileSync(REEVE_TLS_CERT_FILE, cert)
      writeFileSync(REEVE_TLS_KEY_FILE, key)
      const settings = { REEVE_TLS_CERT_FILE, REEVE_TLS_KEY_FILE, REEVE_MTLS_PORT: '0' }
      const server = await startHostedServer(place, settings)
      const mtlsUrl = /"mtlsUrl":"([^"]+)"/.exec(server.output())?.[1] ?? ''
      try {
        await body({ server, admin, mtlsUrl, authority, workload, own }, t)
      } finally {
        await server.stop()
      }
    })
}

const TOKEN = '/oauth/token'
// What only people may: an identity that is known is told so.
const CALL = '/v1/lifecycle.session.list'
const KNOWN = 'wrong_principal_type'

const formOf = ({ id }: Workload, resource: string) => ({
  grant_type: 'client_credentials',
  client_id: id,
  resource,
})

onEveryApart(
  'RFC 8705 §5: the metadata names each endpoint at the address apart, where alone certificates are asked for',
  async ({ server, mtlsUrl, authority, workload, own }) => {
    assert.match(mtlsUrl, /^https:\/\/127\.0\.0\.1:\d+$/)
    assert.notEqual(mtlsUrl, server.url)
    const ca = authority.cert
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const { body } = await send(`${server.url}/.well-known/${name}`, { ca, method: 'GET' })
      assert.deepEqual(
        body.mtls_endpoint_aliases,
        Object.fromEntries(
          ['token', 'introspection', 'revocation', 'device_authorization'].map((each) => {
            const there: string = body[`${each}_endpoint`]
            return [`${each}_endpoint`, there.replace(server.url, mtlsUrl)]
          }),
        ),
      )
      assert.equal(body.tls_client_certificate_bound_access_tokens, true)
      assert.ok(body.token_endpoint_auth_methods_supported.includes('self_signed_tls_client_auth'))
    }
    // RFC 5246 §7.4.4: what asks for a certificate goes in the clear, and is not there.
    const ASKS = 13
    assert.ok((await handshakeOf(mtlsUrl, authority)).includes(ASKS))
    assert.ok(!(await handshakeOf(server.url, authority)).includes(ASKS))
    const form = formOf(workload, server.url)
    assert.equal((await send(server.url + TOKEN, { ca, form, by: own })).body.code, 'client_proof_missing')
    assert.equal((await send(mtlsUrl + TOKEN, { ca, form, by: own })).status, 200)
    assert.equal((await send(mtlsUrl + TOKEN, { ca, form })).body.code, 'client_proof_missing')
  },
)

onEveryApart(
  'RFC 8705 §3, RFC 9449 §4.3: a bound token is good where its certificate is shown; a proof may name either address, and no other',
  async ({ server, mtlsUrl, authority, workload, own }) => {
    const ca = authority.cert
    const mtls = { cert: own.cert, key: own.key, ca }
    // The SDK finds the address by itself.
    const source = createTokenSource({
      ...{ issuer: server.url, clientId: workload.id, audience: server.url, origins: [mtlsUrl], mtls },
      feed: false,
    })
    const bound = await source.token()
    assert.deepEqual(decodeJwt(bound).cnf, { 'x5t#S256': own.thumbprint })
    assert.equal(decodeJwt(bound).iss, server.url)
    assert.equal((await (await source.fetch(mtlsUrl + CALL)).json()).code, KNOWN)
    source.close()
    const authorization = `Bearer ${bound}`
    const codeAt = async (url: string, headers: Record<string, string>, by?: Certificate) =>
      (await send(url + CALL, { ca, method: 'GET', headers, by })).body.code
    assert.equal(await codeAt(server.url, { authorization }, own), 'certificate_not_shown')
    assert.equal(await codeAt(mtlsUrl, { authorization }), 'certificate_not_shown')
    assert.equal(
      await codeAt(mtlsUrl, { authorization }, await makeCertificate({ keys: own.keys })),
      'certificate_not_shown',
    )
    // Nor does a header tell of one, at either.
    for (const url of [server.url, mtlsUrl])
      assert.equal(await codeAt(url, { authorization, 'client-cert': headerOf(own) }), 'certificate_not_shown')

    const held = await holdKey()
    const form = formOf(workload, server.url)
    const ask = async (htu: string, nonce = '') =>
      send(mtlsUrl + TOKEN, {
        ca,
        form,
        by: own,
        headers: { dpop: await held.prove({ method: 'POST', url: htu, nonce }) },
      })
    const nonce = String((await ask(mtlsUrl + TOKEN)).headers['dpop-nonce'])
    assert.equal((await ask(`https://other.example${TOKEN}`, nonce)).body.code, 'dpop_proof_invalid')
    assert.equal((await ask(`${mtlsUrl}/oauth/revoke`, nonce)).body.code, 'dpop_proof_invalid')
    assert.equal((await ask(server.url + TOKEN, nonce)).status, 200)
    const { body } = await ask(mtlsUrl + TOKEN, nonce)
    const prove = async (htu: string) => ({
      authorization: `DPoP ${body.access_token}`,
      dpop: await held.prove({ method: 'GET', url: htu, token: body.access_token }),
    })
    assert.equal(await codeAt(mtlsUrl, await prove(mtlsUrl + CALL), own), KNOWN)
    assert.equal(await codeAt(mtlsUrl, await prove(server.url + CALL), own), KNOWN)
    assert.equal(await codeAt(mtlsUrl, await prove(`https://other.example${CALL}`), own), 'sender_not_proven')
    assert.equal(await codeAt(server.url, await prove(server.url + CALL), own), 'certificate_not_shown')
  },
)

onEveryMtlsBroker(
  'RFC 7523 §3: an assertion may be for the token endpoint of either address, and for no other',
  async (test) => {
    setUpOrders(test)
    const { privateKey } = await addKey(test)
    const { url, mtlsUrl = '' } = test
    for (const [aud, status] of [
      [url, 200],
      [url + TOKEN, 200],
      [mtlsUrl + TOKEN, 200],
      [mtlsUrl, 401],
      [`${mtlsUrl}/oauth/revoke`, 401],
    ] as const) {
      const form = assertionForm(await signAssertion(test, privateKey, { aud }))
      const asked = { grant_type: 'client_credentials', resource: ORDERS, ...form }
      assert.equal((await test.ask(TOKEN, asked)).status, status, aud)
    }
    // The metadata names these two there as well.
    for (const path of ['/oauth/introspect', '/oauth/revoke'])
      for (const [aud, status] of [
        [url + path, 200],
        [mtlsUrl + path, 200],
        [mtlsUrl + TOKEN, 200],
        [mtlsUrl, 401],
        [`https://other.example${path}`, 401],
      ] as const) {
        const form = assertionForm(await signAssertion(test, privateKey, { aud }))
        assert.equal((await test.ask(path, { ...form, token: 'none' })).status, status, `${path} ${aud}`)
      }
  },
  { asksApart: true },
)

onEveryApart(
  'I8: at the address apart nobody says where he comes from either, and what ends a server ends both',
  async ({ server, admin, mtlsUrl, authority, workload, own }) => {
    const ca = authority.cert
    const headers = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' }
    const agent = new Agent({ keepAlive: true, ca, cert: own.cert, key: own.key })
    const told = await send(mtlsUrl + TOKEN, { ca, form: formOf(workload, workload.audience), agent, headers })
    assert.equal(told.status, 200)
    const page = await send(`${server.url}/v1/observe.event.search?limit=20`, {
      ...{ ca, method: 'GET', headers: { authorization: `Bearer ${admin.token}` } },
    })
    const event = page.body.items.find(
      (each: { correlation: { requestId: string } }) => each.correlation.requestId === told.headers['x-request-id'],
    )
    assert.equal(event?.source.ip, '127.0.0.1')
    // The connection is open and idle: it keeps nobody from ending.
    await server.stop()
    agent.destroy()
    for (const url of [server.url, mtlsUrl])
      await assert.rejects(send(`${url}/livez`, { ca, method: 'GET' }), /ECONNREFUSED/)
  },
)

onEveryApart(
  'I4: who shakes hands, sends or reads too slowly at the address apart is cut within ten seconds too',
  async ({ mtlsUrl, authority }, t) => {
    const { hostname, port } = new URL(mtlsUrl)
    const at = { host: hostname, port: Number(port) }
    const secure = () => connectTls({ ...at, ca: authority.cert })
    const silent = () => connect(at)
    const sends = (text: string) => () => {
      const socket = secure()
      socket.resume().write(text)
      return socket
    }
    const readsNothing = () => {
      const socket = secure()
      socket.once('data', () => {
        socket.pause()
        // Who does not read hears of the end by writing: empty lines before a request mean nothing (RFC 9112 §2.2).
        const asking = setInterval(() => socket.write('\r\n'), 250).unref()
        socket.once('close', () => clearInterval(asking))
      })
      socket.write('GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(40))
      return socket
    }
    const ways = {
      'no handshake': silent,
      'no request': sends(''),
      'slow head': sends('GET /livez HTTP/1.1\r\nhost: x\r\nx-'),
      'slow body': sends(`POST ${TOKEN} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\na`),
      'slow reader': readsNothing,
    }
    const cuts = await Promise.all(
      Object.entries(ways).map(
        ([way, open]) =>
          new Promise<readonly [string, number]>((resolve) => {
            const openedMs = performance.now()
            const socket = open()
            const cut = () => {
              socket.destroy()
              resolve([way, performance.now() - openedMs])
            }
            socket.on('error', cut).on('close', cut)
          }),
      ),
    )
    t.diagnostic(cuts.map(([way, ms]) => `${way}: ${Math.round(ms)} ms`).join(', '))
    const factor = crowding()
    for (const [way, ms] of cuts) assert.ok(ms < CUT_MS + HEARD_MS * factor, `${way}: cut after ${ms} ms`)
  },
  // What is cut has asked no database yet.
  ['sqlite'],
)

// Ten seconds, and what the client needs to hear of it.
const CUT_MS = 10_000
const HEARD_MS = 1_500

test('an address apart that nobody could use is refused at the start, with what to do', async (t) => {
  const place = await makePlace('sqlite')
  assert.ok(place !== undefined)
  t.after(() => place.remove())
  const authority = await makeAuthority()
  const { cert, key } = await serverCertificate(authority)
  const file = (name: string, text: string) => {
    writeFileSync(join(place.folder, name), text)
    return join(place.folder, name)
  }
  const tls = { REEVE_TLS_CERT_FILE: file('tls.crt', cert), REEVE_TLS_KEY_FILE: file('tls.key', key) }
  const apart = { ...tls, REEVE_MTLS_PORT: '4653' }
  for (const [wrong, words] of [
    [{ REEVE_MTLS_PORT: '4653' }, /REEVE_MTLS_PORT.*give REEVE_TLS_CERT_FILE and REEVE_TLS_KEY_FILE/],
    [{ ...apart, REEVE_PORT: '4653' }, /REEVE_MTLS_PORT: must be another port than REEVE_PORT/],
    [{ ...apart, REEVE_TLS_CLIENTS: 'asked' }, /REEVE_TLS_CLIENTS.*leave one of the two out/],
    [{ ...tls, REEVE_MTLS_PORT: '70000' }, /REEVE_MTLS_PORT/],
    [{ ...tls, REEVE_MTLS_URL: 'https://mtls.example' }, /REEVE_MTLS_URL: nobody shows a certificate there/],
    [{ ...apart, REEVE_MTLS_URL: 'http://mtls.example' }, /REEVE_MTLS_URL/],
    [{ ...apart, REEVE_MTLS_URL: 'https://x:y@mtls.example' }, /REEVE_MTLS_URL.*no login/],
  ] as const)
    assert.throws(() => readConfig({ ...place.environment, ...wrong }), words)
  const cas = { REEVE_TLS_CLIENT_CA_FILE: file('ca.crt', authority.cert), REEVE_TLS_CLIENTS: 'not-asked' }
  const config = readConfig({ ...place.environment, ...apart, ...cas, REEVE_MTLS_URL: 'https://mtls.example/' })
  assert.deepEqual([config.mtlsUrl, config.tls?.asksClients], ['https://mtls.example', false])
  // Behind a proxy the address apart is the proxy's, and this server has one port.
  const proxied = { REEVE_CLIENT_CERT_PROXIES: '10.0.0.1', REEVE_MTLS_URL: 'https://mtls.example' }
  assert.equal(readConfig({ ...place.environment, ...proxied }).mtlsUrl, 'https://mtls.example')
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = String(typeof address === 'object' ? address?.port : 0)
  await assert.rejects(
    startHostedServer(place, { ...tls, REEVE_MTLS_PORT: port }),
    /REEVE_MTLS_PORT.*something else listens/,
  )
})

/** The types of the messages that the server sends in the clear of a handshake (RFC 5246 §7.4). */
const handshakeOf = async (url: string, { cert: ca }: Authority): Promise<readonly number[]> => {
  const { hostname, port } = new URL(url)
  const raw = connect(Number(port), hostname)
  const seen: Buffer[] = []
  const tap = new Duplex({
    read: () => raw.resume(),
    write: (piece, _encoding, done) => raw.write(piece, done),
    final: (done) => {
      raw.end()
      done()
    },
  })
  raw.on('data', (piece: Buffer) => {
    seen.push(piece)
    if (!tap.push(piece)) raw.pause()
  })
  raw.on('close', () => tap.push(null))
  const socket = connectTls({ socket: tap, host: hostname, ca, maxVersion: 'TLSv1.2' })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.destroy()
  raw.destroy()
  const bytes = Buffer.concat(seen)
  let messages = Buffer.alloc(0)
  const HANDSHAKE = 22
  for (let from = 0; bytes[from] === HANDSHAKE; ) {
    const length = bytes.readUInt16BE(from + 3)
    messages = Buffer.concat([messages, bytes.subarray(from + 5, from + 5 + length)])
    from += 5 + length
  }
  const types: number[] = []
  for (let from = 0; from + 4 <= messages.length; from += 4 + messages.readUIntBE(from + 1, 3))
    types.push(messages[from] ?? 0)
  return types
}

import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { UnsecuredJWT } from 'jose'
import { makeAuthority, makeCertificate, serverCertificate } from '../../../test/certificates.ts'
import { createFakeClock } from '../../test/fake-clock.ts'
import { TokenError } from './token-error.ts'
import { createTokenSource } from './token-source.ts'

/** An issuer behind TLS, which answers with these claims and keeps what it was asked. */
const startIssuer = async (t: TestContext, claimsOf: (print: string) => Record<string, unknown>) => {
  const authority = await makeAuthority()
  const server = createServer({ ...(await serverCertificate(authority)), requestCert: true, rejectUnauthorized: false })
  const asked: string[] = []
  const paths: string[] = []
  let metadata: unknown
  server.on('request', async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/oauth-authorization-server') {
      response.statusCode = metadata === undefined ? 404 : 200
      response.end(JSON.stringify(metadata ?? {}))
      return
    }
    let form = ''
    for await (const piece of request) form += String(piece)
    asked.push(form)
    paths.push(String(request.url))
    assert.ok(request.socket instanceof TLSSocket)
    const { fingerprint256 } = request.socket.getPeerCertificate()
    const print = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
    const access_token = new UnsecuredJWT({ iss: 'x', ...claimsOf(print) }).encode()
    response.end(JSON.stringify({ access_token, token_type: 'Bearer', expires_in: 60 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const { cert, key, thumbprint } = await makeCertificate()
  const given = {
    ...{ issuer: `https://127.0.0.1:${port}`, clientId: 'nhi_1', audience: 'https://orders.test' },
    ...({ feed: false, mtls: { cert, key, ca: authority.cert } } as const),
  }
  return {
    ...{ asked, paths, given, thumbprint },
    tells: (told: unknown) => {
      metadata = told
    },
  }
}

test('RFC 8705 §2: a source with a certificate says who it is, and takes a token that is bound to one', async (t) => {
  let bound = ''
  const { asked, given, thumbprint } = await startIssuer(t, (print) => {
    bound = print
    return { cnf: { 'x5t#S256': print } }
  })
  const source = createTokenSource(given)
  t.after(() => source.close())
  assert.notEqual(await source.token(), '')
  assert.equal(bound, thumbprint)
  const form = new URLSearchParams(asked[0])
  assert.deepEqual(
    [form.get('client_id'), form.has('client_secret'), form.has('client_assertion')],
    ['nhi_1', false, false],
  )
})

test('RFC 8705 §3: a token that came back bound to no certificate is not taken', async (t) => {
  for (const cnf of [undefined, {}, { jkt: 'x' }, { 'x5t#S256': 7 }]) {
    const { given } = await startIssuer(t, () => ({ cnf }))
    const source = createTokenSource(given)
    t.after(() => source.close())
    await assert.rejects(source.token(), (error) => error instanceof TokenError && error.code === 'answer_malformed')
  }
})

test('RFC 8705 §5: whoever shows a certificate asks where the metadata of its own issuer says, over TLS alone, else where everybody does', async (t) => {
  const { given, paths, tells } = await startIssuer(t, (print) => ({ cnf: { 'x5t#S256': print } }))
  const { issuer } = given
  const aliases = (url: unknown) => ({ mtls_endpoint_aliases: { token_endpoint: url } })
  const apart = `${issuer}/apart`
  const pathOf = async () => {
    const source = createTokenSource(given)
    await source.token()
    source.close()
    return paths.at(-1)
  }
  assert.equal(await pathOf(), '/oauth/token')
  tells({ issuer, ...aliases(apart) })
  assert.equal(await pathOf(), '/apart')
  for (const told of [
    { issuer },
    { issuer: 'https://other.test', ...aliases(apart) },
    { issuer, ...aliases(apart.replace('https:', 'http:')) },
    { issuer, ...aliases(7) },
    { issuer, mtls_endpoint_aliases: [apart] },
    [issuer],
  ]) {
    tells(told)
    assert.equal(await pathOf(), '/oauth/token', JSON.stringify(told))
  }
})

test('RFC 8705 §5: an address that answers no more is looked up again', async (t) => {
  const { given, paths, tells } = await startIssuer(t, (print) => ({ cnf: { 'x5t#S256': print } }))
  const { issuer } = given
  // Nothing listens there.
  tells({ issuer, mtls_endpoint_aliases: { token_endpoint: 'https://127.0.0.1:1/oauth/token' } })
  const clock = createFakeClock()
  const source = createTokenSource({ ...given, clock })
  t.after(() => source.close())
  await assert.rejects(source.token(), (error) => error instanceof TokenError && error.code === 'issuer_unreachable')
  tells({ issuer, mtls_endpoint_aliases: { token_endpoint: `${issuer}/moved` } })
  clock.advance(60_000)
  await source.token()
  assert.deepEqual(paths, ['/moved'])
})

test('a source needs a proof of its identity, and one way to its issuer', async () => {
  const { cert, key } = await makeCertificate()
  const given = { issuer: 'https://reeve.test', clientId: 'nhi_1', audience: 'https://orders.test' }
  assert.throws(() => createTokenSource(given), TypeError)
  assert.throws(() => createTokenSource({ ...given, auth: 'certificate' }), TypeError)
  assert.throws(() => createTokenSource({ ...given, mtls: { cert, key }, fetch: globalThis.fetch }), TypeError)
})

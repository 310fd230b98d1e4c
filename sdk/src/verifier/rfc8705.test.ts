import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { Agent, createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { headerOf, makeAuthority, makeCertificate, serverCertificate } from '../../../test/certificates.ts'
import { holdKey } from '../../test/held-key.ts'
import { startIssuer } from '../../test/start.ts'
import { expressGuard } from '../adapters/express.ts'
import { fastifyGuard } from '../adapters/fastify.ts'
import { honoGuard } from '../adapters/hono.ts'
import { httpGuard } from '../adapters/http.ts'
import { mtlsFetch } from '../token/mtls-fetch.ts'
import { VerifyError } from '../verify-error.ts'
import type { Presented } from './bearer.ts'
import type { Verifier } from './verifier.ts'
import type { VerifierOptions } from './verifier-options.ts'

/** A verifier, and a token bound to a certificate. */
const startBound = async (t: TestContext, options: Partial<VerifierOptions> = {}) => {
  const { issuer, verifier, clock } = await startIssuer(t)
  const it = await verifier({ stalenessSecondsMax: 3_600, ...options })
  const own = await makeCertificate()
  const cnf = { 'x5t#S256': own.thumbprint }
  return { issuer, it, own, clock, cnf, token: await issuer.issue({ claims: { cnf } }) }
}

const judged = async (it: Verifier, presented: Presented): Promise<string> =>
  it.verify(presented, { scopes: [] }).then(
    ({ identity }) => identity,
    (error: unknown) => (error instanceof VerifyError ? error.code : `UNEXPECTED ${String(error)}`),
  )

const PROXY = '10.0.0.1'
const isTrustedProxy = (address: string): boolean => address === PROXY

test('RFC 8705 §3: a bound token is nothing as a text, as a fetch request, or where no certificate is shown', async (t) => {
  const { it, token } = await startBound(t)
  const headers = { authorization: `Bearer ${token}` }
  for (const presented of [
    token,
    `Bearer ${token}`,
    new Request('https://orders.test/', { headers }),
    { headers },
    { headers, socket: {} },
    { headers, socket: { getPeerCertificate: () => ({}) } },
    { headers, socket: { getPeerCertificate: () => null } },
    { headers, socket: { getPeerCertificate: () => ({ fingerprint256: 'x' }) } },
  ]) {
    assert.equal(await judged(it, presented), 'certificate_not_shown')
    // Nor at once, now that it was seen.
    assert.equal(it.verifySeen(presented, { scopes: [] }), undefined)
  }
})

test('RFC 9440: Client-Cert counts from a trusted proxy alone, and of that one its own certificate does not', async (t) => {
  const { it, own, token } = await startBound(t, { mtls: { isTrustedProxy } })
  const authorization = `Bearer ${token}`
  const from = (remoteAddress: string, cert: string | string[] | undefined, peer: object = {}) => ({
    headers: { authorization, ...(cert === undefined ? {} : { 'client-cert': cert }) },
    socket: { remoteAddress, getPeerCertificate: () => peer },
  })
  const good = headerOf(own)
  const other = headerOf(await makeCertificate({ keys: own.keys }))
  const print = Buffer.from(own.thumbprint, 'base64url').toString('hex').toUpperCase().match(/../g)?.join(':')
  const peer = { fingerprint256: print }
  assert.equal(await judged(it, from(PROXY, good)), 'nhi_1')
  assert.equal(await judged(it, from('10.0.0.2', undefined, peer)), 'nhi_1')
  for (const [address, cert, shown] of [
    ['10.0.0.2', good, {}],
    [PROXY, other, {}],
    [PROXY, undefined, {}],
    [PROXY, undefined, peer],
    [PROXY, other, peer],
    [PROXY, `${other}, ${good}`, {}],
    [PROXY, `${good}, ${other}`, {}],
    [PROXY, good.slice(1), {}],
    [PROXY, own.cert.replaceAll('\n', ' '), {}],
    [PROXY, ':!:', {}],
  ] as const)
    assert.equal(await judged(it, from(address, cert, shown)), 'certificate_not_shown', `${address} ${cert}`)
  assert.equal(await judged(it, from(PROXY, [other, good])), 'request_malformed')
  const { it: trustsNobody } = await startBound(t)
  assert.notEqual(await judged(trustsNobody, from(PROXY, good)), 'nhi_1')
})

test('RFC 8705 §3.1: a confirmation of another form refuses the token, and one of both asks for both', async (t) => {
  const { it, issuer, own, clock, cnf } = await startBound(t, { mtls: { isTrustedProxy } })
  for (const wrong of [
    { 'x5t#S256': '' },
    { 'x5t#S256': 7 },
    { ...cnf, kid: 'x' },
    { ...cnf, jkt: null },
    { x5t: 'x' },
  ]) {
    const token = await issuer.issue({ claims: { cnf: wrong } })
    assert.equal(await judged(it, `Bearer ${token}`), 'claim_invalid', JSON.stringify(wrong))
  }
  const held = await holdKey(clock)
  const token = await issuer.issue({ claims: { cnf: { ...cnf, jkt: held.jkt } } })
  const url = 'https://orders.test/orders'
  const ask = async (more: Record<string, string>, scheme = 'DPoP') => ({
    ...{ method: 'GET', url: '/orders', socket: { remoteAddress: PROXY } },
    headers: { host: 'orders.test', authorization: `${scheme} ${token}`, ...more },
    protocol: 'https',
  })
  const proof = async () => ({ dpop: await held.prove({ method: 'GET', url, token }) })
  const shown = { 'client-cert': headerOf(own) }
  assert.equal(await judged(it, await ask({ ...shown, ...(await proof()) })), 'nhi_1')
  assert.equal(await judged(it, await ask(await proof())), 'certificate_not_shown')
  assert.equal(await judged(it, await ask(shown)), 'dpop_proof_missing')
  assert.equal(await judged(it, await ask(shown, 'Bearer')), 'token_bound')
})

/** A TLS server that asks for a certificate and needs none. */
const listen = async (t: TestContext, listener: RequestListener) => {
  const authority = await makeAuthority()
  const { cert, key } = await serverCertificate(authority)
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}/orders`, ca: authority.cert }
}

test('a connection that was resumed has the certificate that it began with, and no other', async (t) => {
  const { it, own, token } = await startBound(t)
  let resumed = 0
  const guarded = httpGuard(it)({ scopes: [] }, (_request, response) => response.end('ok'))
  const { url, ca } = await listen(t, (request, response) => {
    if (request.socket instanceof TLSSocket && request.socket.isSessionReused()) resumed += 1
    void guarded(request, response)
  })
  for (const [by, status] of [
    [own, 200],
    [await makeCertificate({ keys: own.keys }), 401],
  ] as const) {
    const agent = new Agent({ keepAlive: false, maxCachedSessions: 10, ca, cert: by.cert, key: by.key })
    const ask = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        }).on('error', reject)
      })
    const before = resumed
    for (let round = 0; round < 3; round++) assert.equal(await ask(), status)
    assert.ok(resumed > before)
    agent.destroy()
  }
})

test('the guards of node:http, Express, Fastify and Hono take the certificate of the connection', async (t) => {
  const { it, own, token } = await startBound(t)
  const use = { scopes: [] }
  const app = express()
  app.get('/orders', expressGuard(it)(use), (_request, response) => void response.send('ok'))
  let handle: RequestListener = () => undefined
  const fastify = Fastify({
    serverFactory: (listener) => {
      handle = listener
      return createServer()
    },
  })
  fastify.get('/orders', { onRequest: fastifyGuard(it)(use) }, async () => 'ok')
  await fastify.ready()
  const guarded = httpGuard(it)(use, (_request, response) => response.end('ok'))
  const hono = new Hono()
  hono.get('/orders', honoGuard(it)(use), (c) => c.text('ok'))
  for (const listener of [
    getRequestListener(hono.fetch),
    guarded,
    app,
    (...given: Parameters<RequestListener>) => handle(...given),
  ]) {
    const { url, ca } = await listen(t, (request, response) => void listener(request, response))
    const other = await makeCertificate({ keys: own.keys })
    const statuses = async (by: typeof own) => {
      const fetch = mtlsFetch({ cert: by.cert, key: by.key, ca })
      // Again over the same connection, and over others: no session may bring what was not shown.
      const ask = () => fetch(url, { headers: { authorization: `Bearer ${token}` } })
      return [await ask(), ...(await Promise.all([ask(), ask(), ask()]))].map(({ status }) => status)
    }
    assert.deepEqual(await statuses(own), [200, 200, 200, 200])
    assert.deepEqual(await statuses(other), [401, 401, 401, 401])
  }
})

test('a fetch that shows a certificate sends what fetch sends, follows no redirect and ends when it is told to', async (t) => {
  const seen: string[] = []
  const { url, ca } = await listen(t, async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    seen.push(`${request.method} ${request.headers['content-type']} ${Buffer.concat(pieces)}`)
    if (request.url === '/never') return
    if (request.url === '/away') response.writeHead(302, { location: 'https://example.com/' })
    if (request.url === '/none') response.writeHead(204)
    response.end('told')
  })
  const { cert, key } = await makeCertificate()
  const fetch = mtlsFetch({ cert, key, ca })
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('streamed'))
      controller.close()
    },
  })
  assert.equal(await (await fetch(url, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })).text(), 'told')
  await fetch(url, { method: 'PUT', body: 'text', headers: { 'content-type': 'x/y' } })
  await fetch(url, { method: 'POST', body })
  assert.equal((await fetch(new URL('/away', url).href, {})).status, 302)
  assert.equal((await fetch(new URL('/none', url).href, {})).body, null)
  assert.deepEqual(seen, [
    'POST application/x-www-form-urlencoded;charset=UTF-8 a=b',
    'PUT x/y text',
    'POST undefined streamed',
    'GET undefined ',
    'GET undefined ',
  ])
  const controller = new AbortController()
  const asked = fetch(new URL('/never', url).href, { signal: controller.signal })
  controller.abort()
  await assert.rejects(asked)
  await assert.rejects(fetch(url.replace('https', 'http'), {}), TypeError)
  // A server that nobody vouches for is not spoken to.
  await assert.rejects(mtlsFetch({ cert, key })(url, {}))
})

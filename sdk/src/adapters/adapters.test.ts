import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import * as oauth from 'oauth4webapi'
import { audience } from '../../test/fake-keys.ts'
import { holdKey, lifeFromNow } from '../../test/held-key.ts'
import { startIssuer } from '../../test/start.ts'
import { until } from '../../test/until.ts'
import { systemClock } from '../clock.ts'
import type { Verifier } from '../verifier/verifier.ts'
import { expressGuard } from './express.ts'
import { fastifyGuard } from './fastify.ts'
import { honoGuard } from './hono.ts'
import { httpGuard } from './http.ts'

const METADATA = '/.well-known/oauth-protected-resource'
const BOTH = 'Bearer, DPoP algs="ES256 EdDSA Ed25519 RS256 PS256"'

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' ? (address?.port ?? 0) : 0

const listening = async (t: TestContext, server: Server): Promise<number> => {
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  return portOf(server.address())
}

/** Each serves /orders to who may read, and /open to everybody. */
const servers: Record<string, (t: TestContext, verifier: Verifier) => Promise<number>> = {
  fastify: async (t, verifier) => {
    const guard = fastifyGuard(verifier)
    const app = Fastify()
    app.get('/orders', { onRequest: guard({ action: 'orders.read' }) }, (request) => guard.token(request).identity)
    app.get('/open', (request) => guard.token(request).identity)
    app.get(METADATA, guard.metadata)
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    return portOf(app.server.address())
  },
  express: async (t, verifier) => {
    const guard = expressGuard(verifier)
    const app = express()
    app.get('/orders', guard({ action: 'orders.read' }), (req, res) => {
      res.send(guard.token(req).identity)
    })
    app.get('/open', (req, res) => {
      res.send(guard.token(req).identity)
    })
    app.get(METADATA, guard.metadata)
    const quiet: express.ErrorRequestHandler = (_error, _req, res, _next) => {
      res.status(500).end()
    }
    app.use(quiet)
    return listening(t, app.listen(0, '127.0.0.1'))
  },
  hono: async (t, verifier) => {
    const guard = honoGuard(verifier)
    const app = new Hono()
    app.get('/orders', guard({ action: 'orders.read' }), (c) => c.text(guard.token(c).identity))
    app.get('/open', (c) => c.text(guard.token(c).identity))
    app.get(METADATA, guard.metadata)
    app.onError((_error, c) => c.text('', 500))
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    t.after(() => server.close())
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
    return portOf(server.address())
  },
  http: async (t, verifier) => {
    const guard = httpGuard(verifier)
    const orders = guard({ action: 'orders.read' }, (_req, res, token) => {
      res.end(token.identity)
    })
    const server = createServer((req, res) => {
      if (req.url?.startsWith('/orders')) return void orders(req, res)
      if (req.url === METADATA) return void guard.metadata(req, res)
      res.writeHead(500).end()
    }).listen(0, '127.0.0.1')
    return listening(t, server)
  },
}

for (const [name, start] of Object.entries(servers)) {
  test(`${name}: a route with a guard serves who may, and tells everybody else why not`, async (t) => {
    const { clock, issuer, verifier } = await startIssuer(t)
    const it = await verifier({ reportAs: { token: async () => 'x' } })
    await until(() => it.status().connected)
    const port = await start(t, it)
    const ask = async (authorization?: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/orders`, {
        headers: authorization === undefined ? {} : { authorization },
      })
      const text = await response.text()
      const { headers, status } = response
      const code = status === 200 ? text : JSON.parse(text).code
      return [
        status,
        code,
        headers.get('www-authenticate'),
        headers.get('content-type')?.split(';')[0],
        headers.get('retry-after'),
      ]
    }
    const problem = 'application/problem+json'
    const token = await issuer.issue()
    const small = await issuer.issue({ claims: { scope: 'orders.list' } })
    assert.deepEqual((await ask(`Bearer ${token}`)).slice(0, 3), [200, 'nhi_1', null])
    assert.deepEqual(await ask(), [401, 'token_missing', BOTH, problem, null])
    assert.deepEqual(await ask('Basic YTpi'), [401, 'token_missing', BOTH, problem, null])
    assert.deepEqual((await ask('Bearer a b')).slice(0, 2), [400, 'request_malformed'])
    const forged = await ask(`Bearer ${token.slice(0, -8)}AAAAAAAA`)
    assert.deepEqual([forged[0], forged[1], forged[3]], [401, 'bad_signature', problem])
    assert.match(String(forged[2]), /^Bearer error="invalid_token", error_description="[ -~]+"$/)
    const narrow = await ask(`Bearer ${small}`)
    assert.deepEqual(narrow.slice(0, 2), [403, 'insufficient_scope'])
    assert.match(String(narrow[2]), /error="insufficient_scope".*scope="orders.read"/)
    const { seq } = issuer.stop('identity', 'nhi_1')
    await until(() => it.status().seq === seq)
    assert.deepEqual((await ask(`Bearer ${token}`)).slice(0, 2), [401, 'token_revoked'])
    issuer.failWith(500, '/revocations')
    issuer.feed.dropStreams()
    clock.advance(31_000)
    issuer.release('identity', 'nhi_1')
    const other = await issuer.issue({ claims: { sub: 'nhi_2', client_id: 'nhi_2' } })
    assert.deepEqual(await ask(`Bearer ${other}`), [503, 'view_stale', 'Bearer', problem, '5'])
  })

  test(`${name}: a bound token is served with a proof of its key for this very request, and with nothing less`, async (t) => {
    const { issuer, verifier } = await startIssuer(t)
    const held = await holdKey()
    const it = await verifier({ clock: systemClock, dpop: { nonceSecret: new Uint8Array(32) } })
    const url = `http://127.0.0.1:${await start(t, it)}/orders`
    const token = await issuer.issue({ claims: { ...lifeFromNow(), cnf: { jkt: held.jkt } } })
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}?page=2`, { headers })
      const text = await response.text()
      const nonce = response.headers.get('dpop-nonce')
      return { said: response.status === 200 ? text : JSON.parse(text).code, nonce, response }
    }
    const authorization = `DPoP ${token}`
    const first = await ask({ authorization, dpop: await held.prove({ method: 'GET', url, token }) })
    assert.equal(first.said, 'dpop_nonce_required')
    assert.match(first.response.headers.get('www-authenticate') ?? '', /^DPoP error="use_dpop_nonce", .*algs="ES256 /)
    const nonce = first.nonce ?? undefined
    const dpop = await held.prove({ method: 'GET', url, token, nonce })
    assert.equal((await ask({ authorization, dpop })).said, 'nhi_1')
    assert.equal((await ask({ authorization, dpop })).said, 'dpop_proof_replayed')
    assert.equal((await ask({ authorization })).said, 'dpop_proof_missing')
    assert.equal((await ask({ authorization: `Bearer ${token}` })).said, 'token_bound')
    const elsewhere = await held.prove({ method: 'GET', url: `${url}/7`, token, nonce })
    assert.equal((await ask({ authorization, dpop: elsewhere })).said, 'dpop_proof_invalid')
    const otherwise = await held.prove({ method: 'POST', url, token, nonce })
    assert.equal((await ask({ authorization, dpop: otherwise })).said, 'dpop_proof_invalid')
  })

  test(`${name}: a refused client is led to the document of the resource, which a foreign client reads (RFC 9728)`, async (t) => {
    const { issuer, verifier } = await startIssuer(t)
    const it = await verifier({ metadata: { scopes: ['orders.read'], name: 'Orders' } })
    const here = `http://127.0.0.1:${await start(t, it)}`
    const options = {
      [oauth.customFetch]: (url: string, { method }: { method: string }) =>
        fetch(url.replace(audience, here), { method }),
    }
    const call = oauth.protectedResourceRequest(
      'x',
      'GET',
      new URL(`${audience}/orders`),
      undefined,
      undefined,
      options,
    )
    const refused: unknown = await call.catch((error: unknown) => error)
    assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError)
    assert.equal(refused.cause[0]?.parameters.resource_metadata, audience + METADATA)
    const resource = new URL(audience)
    const answer = await oauth.resourceDiscoveryRequest(resource, options)
    const found = await oauth.processResourceDiscoveryResponse(resource, answer)
    assert.deepEqual([found.authorization_servers, found.scopes_supported], [[issuer.url], ['orders.read']])
  })

  test(`${name}: a route without a guard knows no caller, even when a token was sent`, async (t) => {
    const { issuer, verifier } = await startIssuer(t)
    const port = await start(t, await verifier())
    const response = await fetch(`http://127.0.0.1:${port}/open`, {
      headers: { authorization: `Bearer ${await issuer.issue()}` },
    })
    assert.equal(response.status, 500)
  })
}

test('http: a guard is the listener of a server, with the types of node:http', async (t) => {
  const { issuer, verifier } = await startIssuer(t)
  const guard = httpGuard(await verifier())
  const server = createServer(
    guard({ action: 'orders.read' }, (req, res, token) => res.end(`${token.name} ${req.url}`)),
  )
  const port = await listening(t, server.listen(0, '127.0.0.1'))
  const headers = { authorization: `Bearer ${await issuer.issue()}` }
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/a`, { headers })).text(), 'orders-sync /a')
})

test('a guard lets a fault that is not a refusal through as a fault, and serves nobody', async (t) => {
  const broken: Verifier = {
    verify: () => Promise.reject(new Error('a bug')),
    verifySeen: () => undefined,
    ready: async () => {},
    status: () => {
      throw new Error('not asked for')
    },
    close: async () => {},
  }
  for (const name of ['fastify', 'express', 'hono']) {
    const port = await servers[name]?.(t, broken)
    assert.equal((await fetch(`http://127.0.0.1:${port}/orders`)).status, 500, name)
  }
})

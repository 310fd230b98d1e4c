import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import express from 'express'
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { decodeJwt } from 'jose'
import { addSecret, ORDERS, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const OTHER = 'https://other.example.com'

/** An API that knows nothing of us but the address of the issuer, and a bot that has a token for it. */
const setUp = async (test: TestBroker, t: TestContext) => {
  setUpOrders(test)
  test.decisions.addResource(OTHER)
  test.decisions.addResource(`${ORDERS}/tagged`, { tagClaims: [{ tag: 'application', claim: 'app' }] })
  for (const uri of [OTHER, `${ORDERS}/tagged`]) test.decisions.grant('nhi_sync', uri, ['orders.read'])
  const { secret } = await addSecret(test)
  const app = express()
  // RFC 9068 §4, all of it: strict asks for the type and every claim.
  const guard = auth({ issuerBaseURL: test.url, audience: [ORDERS, `${ORDERS}/tagged`], strict: true })
  app.get('/orders', guard, requiredScopes('orders.read'), (request, response) => {
    response.json(request.auth?.payload)
  })
  app.get('/purge', guard, requiredScopes('orders.write'), (_request, response) => {
    response.json({})
  })
  const quiet: express.ErrorRequestHandler = (error, _request, response, _next) => {
    response.status(error.status ?? 500).json({ code: error.code })
  }
  app.use(quiet)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const call = async (path: string, token: string) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
    return { status: response.status, body: await response.json() }
  }
  const ask = async (resource = ORDERS) => String((await postSecret(test, secret, { resource })).body.access_token)
  return { call, ask }
}

/** Sets the server's clock so far from the machine's, which the foreign library goes by. */
const setClock = ({ room }: TestBroker, awayMs: number) =>
  room.clock.advance(Date.now() + awayMs - room.clock.now().getTime())

onEveryBroker('express-oauth2-jwt-bearer takes a token for its audience, and goes by its scope', async (test, t) => {
  const { call, ask } = await setUp(test, t)
  setClock(test, 0)
  const { status, body } = await call('/orders', await ask())
  assert.deepEqual([status, body.sub, body.reeve?.name], [200, 'nhi_sync', 'sync'], JSON.stringify(body))
  assert.equal((await call('/orders', await ask(`${ORDERS}/tagged`))).body.app, 'orders')
  assert.equal((await call('/purge', await ask())).status, 403)
})

onEveryBroker('express-oauth2-jwt-bearer refuses what is expired, for another, or no access token', async (test, t) => {
  const { call, ask } = await setUp(test, t)
  setClock(test, -7_200_000)
  const expired = await ask()
  setClock(test, 0)
  const good = await ask()
  assert.equal((await call('/orders', good)).status, 200)
  // The same claims with our own signature, as another kind of document.
  const document = await test.broker.signDocument(decodeJwt(good), 'token-introspection+jwt')
  const bad = {
    expired,
    'for another': await ask(OTHER),
    'no access token': document,
    changed: `${good.slice(0, -4)}AAAA`,
  }
  for (const [why, token] of Object.entries(bad)) assert.equal((await call('/orders', token)).status, 401, why)
})

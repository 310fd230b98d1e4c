import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ExternalAccountClient } from 'google-auth-library'
import { decodeJwt } from 'jose'
import { addSecret, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../broker.ts'

const LEDGER = 'https://ledger.example.com'

/** A bot whose token for the API of orders is there, and that API, which may act for the bot at the ledger. */
const setUp = async (test: TestBroker) => {
  setUpOrders(test)
  const bot = await addSecret(test)
  test.decisions.addResource(LEDGER, { actions: ['ledger.read', 'ledger.post'] })
  for (const id of ['nhi_sync', 'nhi_orders_api']) test.decisions.grant(id, LEDGER, ['ledger.read'])
  test.decisions.letActFor('nhi_orders_api', 'nhi_sync')
  const api = await addSecret(test, 'nhi_orders_api')
  const token = async () => String((await postSecret(test, bot.secret)).body.access_token)
  return { bot, api, token }
}

/** Google's client as its configuration of an external account makes it, with this server in place of Google's. */
const clientOf = (test: TestBroker, secret: string, given: object, scopes = ['ledger.read']) => {
  const client = ExternalAccountClient.fromJSON({
    type: 'external_account',
    audience: LEDGER,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_url: `${test.url}/oauth/token`,
    client_id: 'nhi_orders_api',
    client_secret: secret,
    scopes,
    credential_source: { file: '/nowhere' },
    ...given,
  })
  assert.ok(client !== null)
  client.scopes = scopes
  return client
}

const inFile = (t: TestContext, token: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-foreign-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, token)
  return file
}

const atUrl = async (t: TestContext, token: string): Promise<string> => {
  const server = createServer((_request, response) => response.end(JSON.stringify({ access_token: token })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`
}

onEveryBroker('google-auth-library exchanges a token that it finds in a file, and one at a url', async (test, t) => {
  const { api, token } = await setUp(test)
  const sources = [
    { file: inFile(t, await token()) },
    { url: await atUrl(t, await token()), format: { type: 'json', subject_token_field_name: 'access_token' } },
  ]
  for (const credential_source of sources) {
    const client = clientOf(test, api.secret, { credential_source })
    const { token: made } = await client.getAccessToken()
    const { sub, aud, scope, act } = decodeJwt(made ?? '')
    assert.deepEqual([sub, aud, scope, act], ['nhi_sync', LEDGER, 'ledger.read', { sub: 'nhi_orders_api' }])
    assert.equal((await client.getAccessToken()).token, made, 'the life that was answered is believed')
  }
})

onEveryBroker('google-auth-library is told why, where an exchange is refused', async (test, t) => {
  const { api, token } = await setUp(test)
  const credential_source = { file: inFile(t, await token()) }
  const refused = (given: object, code: RegExp, scopes?: string[]) =>
    assert.rejects(clientOf(test, api.secret, { credential_source, ...given }, scopes).getAccessToken(), code)
  await refused({ audience: 'https://unknown.example.com' }, /invalid_target/)
  await refused({}, /exchange_subject_denied/, ['ledger.post'])
  await refused({ client_secret: 'wrong' }, /invalid_client/)
  await refused({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, /invalid_request/)
  const other = { credential_source: { file: inFile(t, 'ey.no.token') } }
  await refused(other, /invalid_request|invalid_grant/)
})

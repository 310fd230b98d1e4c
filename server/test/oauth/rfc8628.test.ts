import assert from 'node:assert/strict'
import { createClient } from '@reeve/sdk/client'
import * as client from 'openid-client'
import { onEveryServer } from '../process.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const CLI = { client_id: 'reeve-cli' }

// biome-ignore lint/suspicious/noExplicitAny: a field that is not there fails the assertion on it
type Answer = any
type Form = Record<string, string>

onEveryServer('the device grant of RFC 8628 logs a person in, and nobody else', async ({ server, admin }, t) => {
  const post = async (path: string, form: Form, headers = {}): Promise<Answer> => {
    const body = new URLSearchParams(form)
    const response = await fetch(server.url + path, { method: 'POST', body, headers })
    return { status: response.status, ...Object(await response.json()) }
  }
  const start = () => post('/oauth/device_authorization', CLI)
  const poll = (code: string, more = {}) =>
    post('/oauth/token', { grant_type: GRANT, device_code: code, ...CLI, ...more })
  const people = admin.client(server).lifecycle

  await t.test('§3.1: whoever is not the command line, or brings a proof of an identity, begins none', async () => {
    const others: Form[] = [
      {},
      { client_id: 'nhi_sync' },
      { ...CLI, client_secret: 'x' },
      { ...CLI, client_assertion: 'x' },
    ]
    for (const form of others)
      assert.deepEqual((await post('/oauth/device_authorization', form)).error, 'invalid_client')
    const basic = { authorization: `Basic ${btoa('reeve-cli:x')}` }
    assert.equal((await post('/oauth/device_authorization', CLI, basic)).status, 401)
  })

  await t.test('§3.1: a scope or a resource is refused: a session is for all that its person may', async () => {
    const more: Form[] = [{ scope: 'orders.read' }, { resource: 'https://orders.example/' }]
    for (const each of more)
      assert.equal((await post('/oauth/device_authorization', { ...CLI, ...each })).error, 'invalid_scope')
  })

  await t.test('§3.2: the answer says where to go with which code, and for how long', async () => {
    const { status, device_code: deviceCode, user_code: userCode, ...rest } = await start()
    assert.deepEqual([status, rest.expires_in, rest.interval], [200, 600, 5])
    assert.match(userCode, /^[B-Z]{4}-[B-Z]{4}$/)
    assert.match(deviceCode, /^reeve_lc_/)
    const page = await fetch(rest.verification_uri)
    assert.equal(page.status, 200)
    assert.match(await page.text(), /reeve device approve/)
  })

  await t.test('§3.5: pending, too soon, refused, unknown and of another client each have their error', async () => {
    const { device_code: code, user_code: device } = await start()
    assert.deepEqual(pick(await poll(code)), [400, 'authorization_pending'])
    assert.deepEqual(pick(await poll(code)), [400, 'slow_down'])
    await people.device.refuse({ device })
    assert.deepEqual(pick(await poll(code)), [400, 'access_denied'])
    assert.deepEqual(pick(await poll(`${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`)), [400, 'invalid_grant'])
    assert.deepEqual(pick(await poll('')), [400, 'invalid_request'])
    assert.deepEqual(pick(await poll(code, { client_id: 'nhi_sync' })), [401, 'invalid_client'])
  })

  await t.test('§3.5: of five questions at once after the approval, one is answered with the session', async () => {
    const { device_code: code, user_code: device } = await start()
    await people.device.approve({ device })
    const answers = await Promise.all(Array.from({ length: 5 }, () => poll(code)))
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400, 400, 400, 400])
    const refused = answers.filter(({ status }) => status === 400)
    assert.deepEqual(new Set(refused.map(({ error }) => error)), new Set(['invalid_grant']))
    const { access_token: token, token_type: type, scope, person } = answers.find(({ status }) => status === 200)
    assert.deepEqual([type, scope, person], ['Bearer', undefined, admin.person])
    const opened = createClient({ baseUrl: server.url, token })
    assert.equal((await opened.lifecycle.person.show({})).id, admin.person)
  })

  await t.test('§4: metadata name the endpoint, and openid-client logs in by it', async () => {
    const config = await client.discovery(new URL(server.url), 'reeve-cli', undefined, client.None(), {
      execute: [client.allowInsecureRequests],
      algorithm: 'oauth2',
    })
    const begun = await client.initiateDeviceAuthorization(config, {})
    await people.device.approve({ device: begun.user_code })
    // It waits for the interval before it asks; nobody has to wait for what is approved.
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 })
    const opened = createClient({ baseUrl: server.url, token: tokens.access_token })
    assert.equal((await opened.lifecycle.person.show({})).id, admin.person)
  })

  await t.test('§5.1: what begins, decides and ends a login is in the log, without its codes', async () => {
    const { items } = await admin.client(server).observe.event.search({ limit: 200 })
    const kinds = new Set(items.map(({ kind, outcome }) => `${kind} ${outcome}`))
    for (const kind of [
      'lifecycle.device.start done',
      'lifecycle.device.start refused',
      'lifecycle.device.approve done',
      'lifecycle.device.refuse done',
      'lifecycle.device.finish done',
      'lifecycle.device.finish refused',
    ])
      assert.ok(kinds.has(kind), kind)
    assert.ok(!JSON.stringify(items).includes('reeve_lc_'))
  })
})

const pick = ({ status, error }: Answer) => [status, error]

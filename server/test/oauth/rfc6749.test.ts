import assert from 'node:assert/strict'
import {
  addKey,
  addSecret,
  assertionForm,
  makeFakes,
  ORDERS,
  onEveryBroker,
  openBroker,
  post,
  postSecret,
  setUpOrders,
  signAssertion,
} from '../broker.ts'
import { onEveryEngine } from '../room.ts'

onEveryBroker('RFC 6749 §4.4: client credentials give a bearer token that must not be cached', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { status, headers, body } = await postSecret(test, secret)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(body.token_type, 'Bearer')
  assert.equal(body.expires_in, 3600)
  assert.equal(body.scope, 'orders.read')
})

onEveryBroker('RFC 6749 §2.3.1: the secret may stand in the Authorization header, form-encoded', async (test) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { name: 'orders sync: eu' })
  const { secret } = await addSecret(test)
  const basic = (id: string, value: string) => `Basic ${Buffer.from(`${id}:${value}`).toString('base64')}`
  const ask = (authorization: string, form = {}) =>
    post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, ...form }, { authorization })
  assert.equal((await ask(basic('nhi_sync', secret))).status, 200)
  // The identity's unique name is as good as its id.
  assert.equal((await ask(basic('orders+sync%3A+eu', secret))).status, 200)
  assert.equal((await ask(basic('nhi_sync', secret), { client_id: 'nhi_sync' })).status, 200)
  const twice = await ask(basic('nhi_sync', secret), { client_secret: secret })
  assert.deepEqual([twice.status, twice.body.code], [400, 'client_proof_ambiguous'])
  const other = await ask(basic('nhi_sync', secret), { client_id: 'nhi_other' })
  assert.deepEqual([other.status, other.body.code], [400, 'client_proof_ambiguous'])
})

onEveryBroker('RFC 6749 §3.2: a parameter that is there twice, or in the URL, is refused', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const form = `grant_type=client_credentials&client_id=nhi_sync&client_secret=${secret}&resource=${encodeURIComponent(ORDERS)}`
  const ask = (body: string, path = '/oauth/token') => post(test, path, body)
  assert.equal((await ask(form)).status, 200)
  for (const [body, about, path] of [
    [`${form}&grant%5ftype=client_credentials`, 'grant_type is there twice'],
    [`${form}&${secret}=1&${secret}=2`, 'one is there twice'],
    [`${form}&x=%zz`, 'x is not written as UTF-8 with percent signs'],
    [`${form}&x=${'a'.repeat(8193)}`, 'x is longer than 8192 characters, or holds U+0000'],
    [`${form}&${secret}=%zz`, 'one is not written as UTF-8 with percent signs'],
    [form, 'there are some in the URL', `/oauth/token?client_id=nhi_sync`],
  ] as const) {
    const answer = await ask(body, path)
    const { error, code, error_description: said } = answer.body
    assert.deepEqual([answer.status, error, code], [400, 'invalid_request', 'parameter_invalid'], body)
    assert.ok(said.includes(`too long, or given twice: ${about}; send each parameter once`), said)
  }
  for (const name of ['resource', 'audience']) {
    const { status, body } = await ask(`${form}&${name}=https%3A%2F%2Fa.example&${name}=https%3A%2F%2Fb.example`)
    assert.deepEqual([status, body.error, body.code], [400, 'invalid_target', 'resource_several'], 'RFC 8707 §2')
  }
  const empty = await ask(form.replace('&resource=', '&audience='))
  assert.equal(empty.body.error, 'invalid_target')
})

onEveryBroker('RFC 6749 §5.2: an unknown client and a wrong secret are told in the same words', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  test.subjects.put('nhi_other')
  const other = await addSecret(test, 'nhi_other')
  const strip = ({ status, body }: { status: number; body: Record<string, string> }): Record<string, unknown> => {
    const { trace_id: trace, ...rest } = body
    assert.match(String(trace), /^req_/)
    return { status, ...rest }
  }
  const wrong = strip(await postSecret(test, other.secret))
  const unknown = strip(await postSecret(test, secret, { client_id: 'nhi_nobody' }))
  const malformed = strip(await postSecret(test, `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`))
  assert.deepEqual(wrong, unknown)
  assert.deepEqual(wrong, malformed)
  assert.equal(wrong.status, 401)
  assert.equal(wrong.error, 'invalid_client')
  assert.equal(wrong.code, 'client_not_proven')
  const events = await test.room.events()
  const refused = events.filter((event) => event.kind === 'broker.token.issue')
  assert.deepEqual(
    refused.map((event) => [event.outcome, event.code, event.actor.principalType, event.actor.id, event.on?.id]),
    [
      ['refused', 'client_not_proven', 'anonymous', 'nhi_sync', 'nhi_sync'],
      ['refused', 'client_not_proven', 'anonymous', 'nhi_nobody', undefined],
      ['refused', 'client_not_proven', 'anonymous', 'nhi_sync', undefined],
    ],
  )
  assert.ok(!JSON.stringify(events).includes(secret), 'a secret stands in an event')
})

onEveryBroker('RFC 6749 §5.2: each wrong request has its own error and code', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  test.decisions.addResource('https://staging.example.com', { environment: 'staging' })
  const cases: [Record<string, string>, number, string, string][] = [
    [{ grant_type: 'password' }, 400, 'unsupported_grant_type', 'grant_type_unsupported'],
    [{ grant_type: '' }, 400, 'invalid_request', 'parameter_invalid'],
    [{ resource: '' }, 400, 'invalid_target', 'resource_missing'],
    [{ resource: 'https://unknown.example.com' }, 400, 'invalid_target', 'resource_not_registered'],
    [{ resource: 'https://staging.example.com' }, 400, 'invalid_target', 'resource_not_registered'],
    [{ scope: 'orders.read  orders.write' }, 400, 'invalid_scope', 'scope_malformed'],
    [{ scope: 'orders.delete' }, 400, 'invalid_scope', 'scope_malformed'],
    [{ scope: 'orders.write' }, 400, 'access_denied', 'token_denied'],
    [{ instance: 'two words' }, 400, 'invalid_request', 'parameter_invalid'],
    [{ client_id: '' }, 401, 'invalid_client', 'client_proof_missing'],
    [{ client_secret: '' }, 401, 'invalid_client', 'client_proof_missing'],
  ]
  for (const [form, status, error, code] of cases) {
    const answer = await postSecret(test, secret, form)
    assert.deepEqual([answer.status, answer.body.error, answer.body.code], [status, error, code], JSON.stringify(form))
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.match(answer.body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  }
  const denied = await postSecret(test, secret, { scope: 'orders.write' })
  assert.equal(denied.body.decision_id, 'dec_fake')
})

onEveryBroker('RFC 6749 §3.2: anything but a form is refused', async (test) => {
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded2']) {
    const answer = await post(test, '/oauth/token', 'grant_type=client_credentials', { 'content-type': type })
    assert.deepEqual([answer.status, answer.body.error], [415, 'invalid_request'], type)
  }
})

onEveryEngine(
  'of too many wrong proofs no more are recorded, and whoever sends them is told how long; the right one gets through',
  async (room) => {
    const test = await openBroker(room, makeFakes(), { failuresPerMinute: 30 })
    try {
      setUpOrders(test)
      const { secret } = await addSecret(test)
      const { privateKey } = await addKey(test)
      const refusals = async () => (await room.events()).filter(({ outcome }) => outcome === 'refused').length
      for (let at = 0; at < 3; at++) assert.equal((await postSecret(test, 'wrong')).status, 401)
      const limited = await postSecret(test, 'wrong')
      assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '20'])
      assert.equal(await refusals(), 3)
      assert.equal((await postSecret(test, secret)).status, 200)
      const form = assertionForm(await signAssertion(test, privateKey))
      const byKey = () => post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, ...form })
      assert.equal((await byKey()).status, 200)
      assert.equal((await byKey()).status, 429, 'a replay is a failed proof of the same client')
      assert.equal(await refusals(), 3)
      room.clock.advance(20_000)
      assert.deepEqual((await byKey()).body.code, 'assertion_replayed')
      assert.equal(await refusals(), 4)
    } finally {
      await test.http.close()
    }
  },
)

onEveryEngine(
  'A4: when its record cannot be written there is no token, and the next one is given again',
  async (room) => {
    const test = await openBroker(room)
    try {
      setUpOrders(test)
      const { secret } = await addSecret(test)
      const table = room.engine === 'postgres' ? 'ledger_block' : 'ledger_unnumbered'
      await room.database.write((tx) => tx.schema.alterTable(table).renameTo('ledger_gone').execute())
      const { status, body } = await postSecret(test, secret)
      assert.deepEqual([status, body.error, body.access_token], [500, 'server_error', undefined])
      await room.database.write((tx) => tx.schema.alterTable('ledger_gone').renameTo(table).execute())
      assert.equal((await postSecret(test, secret)).status, 200)
    } finally {
      await test.http.close()
    }
  },
)

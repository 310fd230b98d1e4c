import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../test/fake-clock.ts'
import { createFakeFetch, json, problem, type Reply } from '../../test/fake-fetch.ts'
import { settle } from '../../test/until.ts'
import { type ClientOptions, createClient } from './client.ts'
import { OPERATIONS } from './operations.gen.ts'
import { ReeveError } from './reeve-error.ts'

const setUp = (replies: readonly Reply[], options: Partial<ClientOptions> = {}) => {
  const { fetch, asked } = createFakeFetch(replies)
  const clock = createFakeClock()
  let made = 0
  const random = { fraction: () => 0, id: () => `key-${++made}` }
  const client = createClient({ baseUrl: 'https://reeve.example/', fetch, clock, random, token: 'secret', ...options })
  return { client, clock, asked }
}

/** Lets a call run to its end, with as much time passing as it waits for. */
const finished = async <T>(call: Promise<T>, clock: { advance(ms: number): void }, stepMs = 1_000): Promise<T> => {
  let isOver = false
  const done = call.finally(() => {
    isOver = true
  })
  done.catch(() => {})
  for (let step = 0; step < 100 && !isOver; step++) {
    await settle(5)
    if (!isOver) clock.advance(stepMs)
  }
  return done
}

const errorOf = async (call: Promise<unknown>): Promise<ReeveError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ReeveError, String(error))
  return error
}

test('a read is a GET whose query holds lists, records, numbers and booleans as the server reads them', async () => {
  const { client, asked } = setUp([json({ items: [], nextCursor: null })])
  await client.callByName('inventory.identity.list', {
    limit: 5,
    unowned: false,
    many: ['a', 'b & c', undefined],
    tags: { application: 'orders/1', 'cost.centre': '7', absent: undefined },
    owner: undefined,
    parent: null,
    empty: [],
  })
  const url = new URL(asked[0]?.url ?? '')
  assert.equal(url.origin + url.pathname, 'https://reeve.example/v1/inventory.identity.list')
  assert.deepEqual(
    [...url.searchParams],
    [
      ['limit', '5'],
      ['unowned', 'false'],
      ['many', 'a'],
      ['many', 'b & c'],
      ['tags.application', 'orders/1'],
      ['tags.cost.centre', '7'],
    ],
  )
  assert.equal(asked[0]?.method, 'GET')
  assert.equal(asked[0]?.body, undefined)
  assert.equal(asked[0]?.headers.get('authorization'), 'Bearer secret')
  assert.equal(asked[0]?.headers.get('idempotency-key'), null)
})

test('a write is a POST of its input with an idempotency key', async () => {
  const { client, asked } = setUp([json({ id: 'team_1' })])
  await client.callByName('inventory.team.create', { name: 'payments' })
  assert.equal(asked[0]?.method, 'POST')
  assert.equal(asked[0]?.url, 'https://reeve.example/v1/inventory.team.create')
  assert.equal(asked[0]?.body, '{"name":"payments"}')
  assert.equal(asked[0]?.headers.get('idempotency-key'), 'key-1')
})

for (const [what, reply] of [
  ['a network failure', new TypeError('fetch failed')],
  ['502', new Response('bad gateway', { status: 502 })],
  ['503', problem(503, 'unavailable')],
  ['504', new Response('', { status: 504 })],
  ['429', problem(429, 'limited', { retryAfter: 1 })],
  ['409 idempotency_busy', problem(409, 'idempotency_busy')],
  ['no answer in time', 'nothing'],
] as const)
  test(`after ${what} a write is repeated with the same idempotency key`, async () => {
    const { client, clock, asked } = setUp([reply, json({ done: true })])
    assert.deepEqual(await finished(client.callByName('inventory.team.create', { name: 'a' }), clock), { done: true })
    assert.equal(asked.length, 2)
    assert.equal(asked[1]?.headers.get('idempotency-key'), asked[0]?.headers.get('idempotency-key'))
    assert.equal(asked[1]?.body, asked[0]?.body)
  })

for (const [status, code] of [
  [400, 'invalid_input'],
  [401, 'unauthenticated'],
  [403, 'denied'],
  [404, 'not_found'],
  [409, 'revision_stale'],
  [500, 'internal'],
] as const)
  test(`${status} ${code} is an answer and is not repeated`, async () => {
    const { client, asked } = setUp([problem(status, code)])
    const error = await errorOf(client.callByName('inventory.team.create', {}))
    assert.deepEqual([error.status, error.code, asked.length], [status, code, 1])
  })

test('an idempotency key of the caller is used for every try', async () => {
  const { client, clock, asked } = setUp([problem(503, 'unavailable'), json({})])
  await finished(client.callByName('inventory.team.create', {}, { idempotencyKey: 'mine' }), clock)
  assert.deepEqual(
    asked.map(({ headers }) => headers.get('idempotency-key')),
    ['mine', 'mine'],
  )
})

test('two calls have two idempotency keys', async () => {
  const { client, asked } = setUp([json({})])
  await client.callByName('inventory.team.create', {})
  await client.callByName('inventory.team.create', {})
  assert.notEqual(asked[0]?.headers.get('idempotency-key'), asked[1]?.headers.get('idempotency-key'))
})

test('tries end after the number that was set, with the last error', async () => {
  const { client, clock, asked } = setUp([problem(503, 'unavailable')], { triesMax: 4 })
  const error = await errorOf(finished(client.callByName('inventory.team.list', {}), clock))
  assert.deepEqual([error.code, asked.length], ['unavailable', 4])
})

for (const [where, reply] of [
  ['the problem', problem(503, 'unavailable', { retryAfter: 7 })],
  ['the header in seconds', new Response('', { status: 503, headers: { 'retry-after': '7' } })],
  [
    'the header as a date',
    new Response('', {
      status: 503,
      headers: { 'retry-after': new Date(createFakeClock().nowMs() + 7_000).toUTCString() },
    }),
  ],
] as const)
  test(`the seconds of Retry-After are waited for when ${where} has them`, async () => {
    const { client, clock, asked } = setUp([reply, json({})])
    const call = client.callByName('inventory.team.list', {})
    await settle()
    clock.advance(5_900)
    await settle()
    assert.equal(asked.length, 1)
    clock.advance(1_200)
    await call
    assert.equal(asked.length, 2)
  })

test('a server that asks for more patience than a call has is not called again, and the error says how long', async () => {
  const { client, asked } = setUp([problem(429, 'limited', {}, { 'retry-after': '3600' })])
  const error = await errorOf(client.callByName('inventory.team.list', {}))
  assert.deepEqual([error.retryAfterSeconds, asked.length], [3600, 1])
})

test('a try without an answer ends at its time and says so', async () => {
  const { client, clock } = setUp(['nothing'], { triesMax: 1, timeoutMs: 500 })
  const error = await errorOf(finished(client.callByName('inventory.team.list', {}), clock, 100))
  assert.deepEqual([error.code, error.status], ['timed_out', 0])
})

test('a server that is not there is a typed error with its cause', async () => {
  const cause = new TypeError('fetch failed')
  const { client, clock } = setUp([cause])
  const error = await errorOf(finished(client.callByName('inventory.team.list', {}), clock))
  assert.deepEqual([error.code, error.status], ['unreachable', 0])
  assert.ok(error.cause instanceof Error && error.cause.cause === cause)
})

test('a call that is aborted rejects with the reason and makes no further try, while fetching and while waiting', async () => {
  for (const reply of ['nothing', problem(503, 'unavailable')] as const) {
    const { client, clock, asked } = setUp([reply])
    const controller = new AbortController()
    const call = client.callByName('inventory.team.list', {}, { signal: controller.signal })
    await settle()
    controller.abort(new Error('enough'))
    await assert.rejects(call, /enough/)
    clock.advance(60_000)
    await settle()
    assert.equal(asked.length, 1)
  }
})

test('a call with a signal that fired before asks nothing', async () => {
  const { client, asked } = setUp([json({})])
  await assert.rejects(
    client.callByName('inventory.team.list', {}, { signal: AbortSignal.abort(new Error('no')) }),
    /no/,
  )
  assert.equal(asked.length, 0)
})

test('an error carries everything of the problem', async () => {
  const { client } = setUp([
    problem(403, 'denied', {
      hint: 'ask',
      docs: 'https://reeve.example/docs/errors/denied',
      decisionId: 'dec_1',
      errors: [{ pointer: '/name', detail: 'too long' }],
    }),
  ])
  const error = await errorOf(client.callByName('inventory.team.create', {}))
  assert.deepEqual(
    [error.message, error.hint, error.docs, error.requestId, error.decisionId, error.places],
    [
      'told: denied',
      'ask',
      'https://reeve.example/docs/errors/denied',
      'req_1',
      'dec_1',
      [{ pointer: '/name', detail: 'too long' }],
    ],
  )
})

test('what is not JSON is an error, also with status 200', async () => {
  for (const status of [200, 404, 500]) {
    const { client } = setUp([new Response('<html>hello</html>', { status })])
    const error = await errorOf(client.callByName('inventory.team.list', {}))
    assert.deepEqual([error.code, error.status], ['unexpected_answer', status])
  }
})

test('no secret is in an error', async () => {
  const { client, clock } = setUp([new TypeError('fetch failed')], { token: 'reeve_s_verysecret' })
  const error = await errorOf(finished(client.callByName('inventory.team.create', { reason: 'hidden-input' }), clock))
  assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`, /verysecret|hidden-input/)
})

test('the token is asked for before every try', async () => {
  let asks = 0
  const { client, clock, asked } = setUp([problem(503, 'unavailable'), json({})], {
    token: async () => `token-${++asks}`,
  })
  await finished(client.callByName('inventory.team.list', {}), clock)
  assert.deepEqual(
    asked.map(({ headers }) => headers.get('authorization')),
    ['Bearer token-1', 'Bearer token-2'],
  )
})

test('all items of a list come, page after page, with the same filters, and only as far as they are wanted', async () => {
  const pages = [
    json({ items: [{ id: 'team_1' }, { id: 'team_2' }], nextCursor: 'c1' }),
    json({ items: [], nextCursor: 'c2' }),
    json({ items: [{ id: 'team_3' }], nextCursor: null }),
  ]
  const { client, asked } = setUp(pages)
  const ids: string[] = []
  for await (const team of client.items('inventory.team.list', { limit: 2 })) ids.push(team.id)
  assert.deepEqual(ids, ['team_1', 'team_2', 'team_3'])
  assert.deepEqual(
    asked.map(({ url }) => new URL(url).search),
    ['?limit=2', '?limit=2&cursor=c1', '?limit=2&cursor=c2'],
  )
  const early = setUp(pages)
  for await (const _ of early.client.items('inventory.team.list', {})) break
  assert.equal(early.asked.length, 1)
})

test('pages that do not end are an error, and so is what has no pages', async () => {
  const { client } = setUp([json({ items: [], nextCursor: 'same' })])
  await assert.rejects(async () => {
    for await (const _ of client.items('inventory.team.list', {})) assert.fail()
  }, /do not end/)
  const other = setUp([json({ id: 'team_1' })])
  await assert.rejects(async () => {
    for await (const _ of other.client.items('inventory.team.show', { team: 'a' })) assert.fail()
  }, /does not answer in pages/)
})

test('every operation is a method by its name', async () => {
  const { client, asked } = setUp([json({})])
  for (const name of Object.keys(OPERATIONS)) {
    const [room = '', noun = '', verb = ''] = name.split('.')
    const method: unknown = Reflect.get(Reflect.get(Reflect.get(client, room), noun), verb)
    assert.ok(typeof method === 'function')
    await method({})
    assert.equal(new URL(asked.at(-1)?.url ?? '').pathname, `/v1/${name}`)
    assert.equal(asked.at(-1)?.method, OPERATIONS[name] === 'read' ? 'GET' : 'POST')
  }
  await client.lifecycle.person.show()
})

test('a client or a part of it that is awaited is no call', async () => {
  const { client, asked } = setUp([json({})])
  await client
  await client.inventory
  await client.inventory.identity
  assert.equal(asked.length, 0)
})

test('a base URL that is none, and a name that would leave the API, are refused before anything is sent', async () => {
  assert.throws(() => createClient({ baseUrl: 'reeve.example' }), /absolute URL/)
  const { client, asked } = setUp([json({})])
  for (const name of ['../oauth/token', 'a.b', 'inventory.identity.show?x=1'])
    await assert.rejects(client.callByName(name, {}), /room\.noun\.verb/)
  assert.equal(asked.length, 0)
})

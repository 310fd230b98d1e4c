import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createLog } from '../../kit/log.ts'
import { systemRandom } from '../../kit/random.ts'
import { createDoor, type Lean, type Readable } from './door.ts'
import { createOverload, type Limited } from './overload.ts'
import type { Pace } from './pace.ts'
import { createHttp } from './server.ts'

const BODY = '{"asked":"something"}'
const READABLE = { types: ['application/json'], bodyBytesMax: 256 * 1024 }
const PLAIN = ['Content-Type: application/json', 'authorization: Bearer abc', `content-length: ${BODY.length}`]

/** A server whose door and framework both answer one path: each says who it is and what it read. */
const serve = async (
  t: TestContext,
  {
    lean,
    passed,
    opened,
    readable = READABLE,
    limited,
    pace,
    work,
  }: {
    lean?: Lean
    passed?: () => void
    opened?: (end: () => void) => void
    readable?: Readable
    limited?: Limited
    pace?: Pace
    work?: Promise<void>
  } = {},
) => {
  const clock = { now: () => new Date('2026-03-01T00:00:00Z'), monotonicMs: () => 0 }
  const door = createDoor(clock, createLog('silent'), createOverload(clock, pace))
  const answersHere: Lean = ({ body }, response) => {
    response.send({ status: 200, headers: [], text: `lean ${body}\n` }, 'req_1')
    return true
  }
  door.open('/asked', readable, lean ?? answersHere)
  if (limited !== undefined) door.limit('/asked', limited)
  const issuer = () => 'https://issuer.example.com'
  const http = createHttp({ issuer, trustedProxies: [], random: systemRandom(), clock, log: createLog('silent'), door })
  http.addHook('onRequest', async () => passed?.())
  http.post('/asked', async (request) => {
    await work
    return `framework ${JSON.stringify(request.body)}\n`
  })
  await http.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => http.close())
  opened?.(() => void http.server.close())
  const address = http.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign((...parts: readonly Part[]) => talk(port, parts), { counts: door.counts, port })
}

type Part = (() => string) | Promise<string>

/** Writes each part when the one before was answered, a promised one without an answer, and reads until the end. */
const talk = (port: number, parts: readonly Part[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const left = [...parts]
    let text = ''
    const next = (): void => {
      const part = left.shift()
      if (part instanceof Promise) part.then((text) => socket.write(text), reject)
      else if (part !== undefined) socket.write(part())
      if (left[0] instanceof Promise) next()
    }
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      next()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
    socket.once('connect', next)
  })

const head = (headers: readonly string[], path = '/asked') =>
  [`POST ${path} HTTP/1.1`, 'host: here', ...headers, '', ''].join('\r\n')
const last = (headers: readonly string[]) => () => `${head([...headers, 'connection: close'])}${BODY}`

test('a request without anything odd is answered at the door, and its connection serves the next one', async (t) => {
  const ask = await serve(t)
  const found = await ask(
    () => head(PLAIN) + BODY,
    () => head(PLAIN) + BODY,
    last(PLAIN),
  )
  assert.equal(found.match(/lean \{"asked":"something"\}/g)?.length, 3, found)
})

test('requests that come before the first is answered are answered in their order', async (t) => {
  const ask = await serve(t)
  const found = await ask(
    () => head(PLAIN) + BODY + head(['x-forwarded-for: 10.0.0.1', ...PLAIN]) + BODY + last(PLAIN)(),
  )
  assert.deepEqual(found.match(/lean|framework/g), ['lean', 'framework', 'lean'], found)
})

test('whatever is odd about a request, the framework judges it as if there were no door', async (t) => {
  const ask = await serve(t)
  const without = (name: string) => PLAIN.filter((line) => !line.toLowerCase().startsWith(name))
  const odd: readonly (readonly [readonly string[], RegExp])[] = [
    [[...without('content-type'), 'content-type: application/json; charset=utf-8'], /framework/],
    [[...PLAIN, 'authorization: Bearer other'], /framework/],
    [[...PLAIN, 'x-forwarded-for: 10.0.0.1'], /framework/],
    [[...PLAIN, 'expect: 100-continue'], /framework/],
    [[...PLAIN, 'content-type: text/plain'], / 415 /],
    [[...PLAIN, 'content-encoding: gzip'], / 415 /],
    [[...PLAIN, 'host: there'], / 400 /],
    [[...without('content-length'), 'content-length: 0'], / 400 |framework/],
  ]
  for (const [headers, answer] of odd) {
    const found = await ask(last(headers))
    assert.match(found, answer, headers.join('\n'))
    assert.doesNotMatch(found, /lean/, headers.join('\n'))
  }
  const chunked = ['content-type: application/json', 'authorization: Bearer abc', 'transfer-encoding: chunked']
  const coded = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  assert.match(await ask(() => head([...chunked, 'connection: close']) + coded), /framework \{"asked":"something"\}/)
  const elsewhere = await ask(() => head([...PLAIN, 'connection: close'], '/asked/') + BODY)
  assert.match(elsewhere, / 404 /)
})

test('a body that comes in parts, and one that the door gives back, reach the framework whole', async (t) => {
  const ask = await serve(t)
  // More than Node reads of a socket at once.
  const large = JSON.stringify({ asked: 'x'.repeat(200_000) })
  const headers = [...PLAIN.slice(0, 2), `content-length: ${large.length}`, 'connection: close']
  assert.match(await ask(() => head(headers) + large), /framework \{"asked":"x{200000}"\}/)
  let seen = ''
  const givesBack = await serve(t, {
    lean: ({ body }) => {
      seen = String(body)
      return false
    },
  })
  const found = await givesBack(() => head(PLAIN) + BODY, last(PLAIN))
  assert.equal(found.match(/framework \{"asked":"something"\}/g)?.length, 2, found)
  assert.equal(seen, BODY)
})

test('requests of one connection that differ in a token, a length or a header are each read as they are', async (t) => {
  const asked: string[] = []
  const ask = await serve(t, {
    lean: ({ token, body, userAgent, traceparent }, response) => {
      asked.push([token, String(body), userAgent, traceparent].join(' '))
      response.send({ status: 200, headers: [], text: 'lean\n' }, 'req_1')
      return true
    },
  })
  const request = (token: string, body: string, ...more: readonly string[]) =>
    head([
      'content-type: application/json',
      `authorization: Bearer ${token}`,
      `content-length: ${body.length}`,
      ...more,
    ]) + body
  const found = await ask(
    () => request('abc', '{"a":1}'),
    () => request('abc', '{"a":1}'),
    () => request('abd', '{"a":1}'),
    () => request('abd', '{"longer":"body"}'),
    () => request('abd', '{"longer":"body"}', 'user-agent: me'),
    () => request('abd', '{"longer":"body"}', 'user-agent: me2'),
    () => request('abd', '{"a":1}', 'traceparent: t'),
    () => request('abd', '{"a":1}', 'traceparent: t', 'connection: close', 'expect: 100-continue'),
  )
  assert.deepEqual(asked, [
    'abc {"a":1}  ',
    'abc {"a":1}  ',
    'abd {"a":1}  ',
    'abd {"longer":"body"}  ',
    'abd {"longer":"body"} me ',
    'abd {"longer":"body"} me2 ',
    'abd {"a":1}  t',
  ])
  assert.match(found, /framework \{"a":1\}/)
})

test('a small body in two parts reaches the framework whole, and the connection serves the next request here', async (t) => {
  const { promise: passed, resolve } = Promise.withResolvers<void>()
  const ask = await serve(t, { passed: resolve })
  const rest = () => BODY.slice(5) + last(PLAIN)()
  const found = await ask(
    () => head(PLAIN) + BODY,
    () => head(PLAIN) + BODY.slice(0, 5),
    // The door passed on the first part before the second is sent.
    passed.then(rest),
  )
  assert.deepEqual(found.match(/lean|framework/g), ['lean', 'framework', 'lean'], found)
  assert.match(found, /framework \{"asked":"something"\}/)
})

test('a body of another type, or larger than the path reads, goes to the framework', async (t) => {
  const lean: Lean = (_asked, response) => {
    response.send({ status: 200, headers: [], text: 'lean\n' }, 'req_1')
    return true
  }
  const ask = await serve(t, { lean, readable: { types: ['text/other'], bodyBytesMax: 1_000 } })
  assert.match(await ask(last(PLAIN)), /framework/)
  const small = await serve(t, { lean, readable: { types: ['application/json'], bodyBytesMax: BODY.length - 1 } })
  assert.match(await small(last(PLAIN)), /framework/)
})

test('a server that no longer listens leaves all to the framework, which tells whoever keeps a connection open', async (t) => {
  let stop = () => {}
  const ask = await serve(t, {
    lean: (_asked, response) => {
      stop()
      response.send({ status: 200, headers: [], text: 'lean\n' }, 'req_1')
      return true
    },
    opened: (end) => {
      stop = end
    },
  })
  // Both come at once, and the server ends between them.
  const found = await ask(() => head(PLAIN) + BODY + last(PLAIN)())
  assert.deepEqual(found.match(/lean|framework/g), ['lean', 'framework'], found)
})

test('behind a request that can be read in two ways nothing is read, though it came in the same piece', async (t) => {
  let asked = 0
  const ask = await serve(t, {
    lean: () => {
      asked += 1
      return false
    },
    passed: () => {
      asked += 1
    },
  })
  for (const odd of ['host: there', 'transfer-encoding: gzip, chunked']) {
    const body = odd.startsWith('host') ? BODY : `15\r\n${BODY}\r\n0\r\n\r\n`
    const named = odd.startsWith('host') ? [...PLAIN, odd] : [...PLAIN.slice(0, 2), odd]
    const found = await ask(() => head(named) + body + head(PLAIN) + BODY + head([]))
    assert.match(found, /^HTTP\/1\.1 400 /)
    assert.equal(found.split('HTTP/1.1 ').length, 2, found)
  }
  assert.equal(asked, 0)
})

test('nothing is read behind a request that is answered before anybody looked how it reads', async (t) => {
  let asked = 0
  const passed = () => {
    asked += 1
  }
  const ask = await serve(t, { passed })
  const coded = [...PLAIN.slice(0, 2), 'transfer-encoding: gzip, chunked']
  const coded15 = `15\r\n${BODY}\r\n0\r\n\r\n`
  for (const [path, headers, body, status] of [
    ['/%zz', [...PLAIN, 'host: there'], BODY, 400],
    ['/%zz', coded, coded15, 400],
    ['/asked', [...PLAIN, 'host: there', 'expect: something'], BODY, 417],
    ['/asked', [...coded, 'expect: something'], coded15, 417],
  ] as const) {
    const found = await ask(() => head(headers, path) + body + last(PLAIN)())
    assert.ok(found.startsWith(`HTTP/1.1 ${status} `), found)
    assert.equal(found.split('HTTP/1.1 ').length, 2, found)
  }
  assert.equal(asked, 0)
})

const LIMITED: Limited = { bodyBytesMax: 1_000, mayPass: () => false, refuse: (_fault, response) => response.destroy() }
const FORWARDED = ['x-forwarded-for: 10.0.0.1', ...PLAIN]

test('a request that can be read in two ways waits for no room, and nothing is read behind it', {
  timeout: 10_000,
}, async (t) => {
  const nothing = (): void => undefined
  const pace: Pace = {
    ...{ inWorkMax: () => 0, waitingMax: () => 10 },
    ...{ took: nothing, waited: nothing, emptied: nothing, came: nothing, sentAway: nothing },
  }
  const ask = await serve(t, { limited: LIMITED, pace, lean: () => assert.fail('was read') })
  const found = await ask(() => head([...PLAIN, 'host: there']) + BODY + head(PLAIN) + BODY)
  assert.match(found, /^HTTP\/1\.1 400 /)
  assert.equal(found.split('HTTP/1.1 ').length, 2, found)
})

test('whoever is in work leaves once it is answered, by the framework or at the door, whole or in parts, also when it is gone before', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ask = await serve(t, { limited: LIMITED, work: promise })
  await ask(last(PLAIN))
  assert.equal(ask.counts().inWork, 0)
  const gone = connect(ask.port, '127.0.0.1')
  gone.write(head(FORWARDED) + BODY.slice(0, 5))
  // A slow body holds no place.
  const answered = ask(
    () => head(PLAIN) + BODY,
    () => last(PLAIN)(),
  )
  await answered
  assert.equal(ask.counts().inWork, 0)
  gone.write(BODY.slice(5))
  while (ask.counts().inWork < 1) await new Promise(setImmediate)
  const here = ask(() => head([...FORWARDED, 'connection: close']) + BODY)
  while (ask.counts().inWork < 2) await new Promise(setImmediate)
  gone.destroy()
  resolve()
  assert.match(await here, /framework \{"asked":"something"\}/)
  while (ask.counts().inWork > 0) await new Promise(setImmediate)
})

test('a body that is too large takes no place, and the framework refuses it', async (t) => {
  const ask = await serve(t, { limited: { ...LIMITED, bodyBytesMax: 10 }, readable: { ...READABLE, bodyBytesMax: 10 } })
  assert.match(await ask(last(PLAIN)), /framework/)
  assert.deepEqual(ask.counts(), { inWork: 0, waiting: 0, sentAway: 0 })
})

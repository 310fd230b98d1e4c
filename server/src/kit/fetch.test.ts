import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { makeAuthority, serverCertificate } from '../../../test/certificates.ts'
import { createOutbound, OutboundError, type OutboundGiven } from './fetch.ts'
import type { Resolved } from './name-lookups.ts'

// What is judged is what an answer is, and never how fast this machine gave it.
const LOOPBACK = { privateNetworks: ['127.0.0.0/8'], secondsMax: 600 }

const serve = async (t: TestContext, answer: RequestListener): Promise<{ url: string; asked(): number }> => {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}/`, asked: () => asked }
}

const json = (text: string, headers: Record<string, string> = {}): RequestListener => {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text)
  }
}

const refuses = async (url: string, why: RegExp, given: OutboundGiven = LOOPBACK): Promise<void> => {
  await assert.rejects(createOutbound(given).getJson(url), (error) => {
    assert.ok(error instanceof OutboundError, String(error))
    assert.match(error.message, why)
    return true
  })
}

test('a JSON document in a configured network is fetched', async (t) => {
  const { url } = await serve(t, json('{"keys":[]}', { 'content-type': 'application/jwk-set+json; charset=utf-8' }))
  assert.deepEqual((await createOutbound(LOOPBACK).getJson(url)).value, { keys: [] })
})

test('how long a document is believed has a floor and a ceiling, whatever its server says', async (t) => {
  const cases: [string, number][] = [
    ['max-age=600', 600],
    ['public, max-age=0', 60],
    ['no-store', 60],
    ['max-age=999999999', 3600],
    ['s-maxage=900', 60],
  ]
  for (const [said, freshSeconds] of cases) {
    const { url } = await serve(t, json('{}', { 'cache-control': said }))
    assert.equal((await createOutbound(LOOPBACK).getJson(url)).freshSeconds, freshSeconds, said)
  }
})

test('S1: nothing is asked at an address that is not public, by address or by name', async (t) => {
  const { url, asked } = await serve(t, json('{}'))
  const { port } = new URL(url)
  for (const host of ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', 'localhost'])
    await refuses(`http://${host}:${port}/`, /not public/, { privateNetworks: [] })
  const inside = async () => [{ address: '127.0.0.1', family: 4 }]
  await refuses(`http://issuer.example:${port}/`, /not public/, { privateNetworks: [], resolve: inside })
  assert.equal(asked(), 0)
})

test('S2: a name of which one address is not public is refused as a whole', async () => {
  const resolve = async () => [
    { address: '8.8.8.8', family: 4 },
    { address: '169.254.169.254', family: 4 },
  ]
  await refuses('https://issuer.example/', /not public/, { privateNetworks: [], resolve })
  await refuses('https://issuer.example/', /not public/, { privateNetworks: [], resolve: async () => [] })
})

test('S2: a name is resolved once: the address that was judged is the one that is dialled', async (t) => {
  const { url, asked } = await serve(t, json('{"at":"the first address"}'))
  const answers = ['127.0.0.1', '127.0.0.2', '169.254.169.254']
  let resolved = 0
  const resolve = async () => [{ address: answers[resolved++] ?? '', family: 4 }]
  const fetched = await createOutbound({ ...LOOPBACK, resolve }).getJson(url.replace('127.0.0.1', 'rebind.example'))
  assert.deepEqual([fetched.value, resolved, asked()], [{ at: 'the first address' }, 1, 1])
})

test('outside of configured networks only https is spoken, and never another scheme or a login', async () => {
  const resolve = async () => [{ address: '8.8.8.8', family: 4 }]
  await refuses('http://issuer.example/', /not an https URL/, { privateNetworks: [], resolve })
  for (const url of ['file:///etc/passwd', 'ftp://issuer.example/', 'data:application/json,{}', 'gopher://127.0.0.1/'])
    await refuses(url, /not an https URL/)
  await refuses('https://user:secret@issuer.example/', /login/)
  await refuses('no url', /not a URL/)
})

test('S3: no redirect is followed', async (t) => {
  const target = await serve(t, json('{}'))
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await serve(t, (_request, response) => response.writeHead(status, { location: target.url }).end())
    await refuses(url, /redirects/)
  }
  assert.equal(target.asked(), 0)
})

test('what is not a JSON document, or not a whole one, is refused', async (t) => {
  const cases: [RequestListener, RegExp][] = [
    [json('{}', { 'content-type': 'text/html' }), /not JSON/],
    [json('{}', { 'content-type': 'application/javascript' }), /not JSON/],
    [json('<html>'), /not JSON/],
    [json('{"keys":'), /not JSON/],
    [(_request, response) => response.writeHead(500).end('{}'), /status 500/],
    [(_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).destroy(), /connection/],
    [(request) => request.socket.destroy(), /connection/],
  ]
  for (const [answer, why] of cases) await refuses((await serve(t, answer)).url, why)
})

function* spaces(): Generator<string> {
  for (;;) yield ' '.repeat(65_536)
}

test('S5: a large, endless or compressed answer is cut off', async (t) => {
  const large = await serve(t, json(`"${'x'.repeat(2_000_000)}"`))
  await refuses(large.url, /too large/)
  const endless = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    Readable.from(spaces()).pipe(response)
  })
  await refuses(endless.url, /too large/)
  const packed = gzipSync(' '.repeat(50_000_000))
  const bomb = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed)
  })
  await refuses(bomb.url, /compressed/)
})

test('names whose server never answers are looked up one at a time, and others meanwhile', async (t) => {
  const { url } = await serve(t, json('{}'))
  const running: string[] = []
  const resolve = (host: string): Promise<readonly Resolved[]> => {
    running.push(host)
    if (host === 'good.example') return Promise.resolve([{ address: '127.0.0.1', family: 4 }])
    return new Promise(() => {})
  }
  const outbound = createOutbound({ ...LOOPBACK, secondsMax: 0.02, resolve })
  const ask = (host: string) =>
    outbound.getJson(url.replace('127.0.0.1', host)).then(
      () => 'answered',
      ({ message }) => message,
    )
  const late = 'it did not answer in time'
  assert.deepEqual(await Promise.all([ask('a.slow.test'), ask('a.slow.test')]), [late, late])
  assert.deepEqual(running, ['a.slow.test'], 'one for all who ask')
  const others = await Promise.all(['a', 'b', 'c', 'd'].map((name) => ask(`${name}.slow.test`)))
  assert.deepEqual(new Set(others), new Set([late]))
  assert.deepEqual(running, ['a.slow.test', 'b.slow.test'], 'its domain is known to be slow, and its names take turns')
  await ask('good.example')
  assert.equal(running.at(-1), 'good.example')
})

/** Stands for the limit of time: says what was asked of it, and is over when the test says so. */
const timeLimit = (t: TestContext) => {
  const limit = { askedMs: Number.NaN, end: () => {} }
  t.mock.method(AbortSignal, 'timeout', (ms: number) => {
    const controller = new AbortController()
    limit.askedMs = ms
    limit.end = () => controller.abort()
    return controller.signal
  })
  return limit
}

test('S5: a server or a resolver that does not answer in five seconds is not waited for', async (t) => {
  const limit = timeLimit(t)
  const given = { privateNetworks: LOOPBACK.privateNetworks }
  /** The limit ends at the moment that `reached` is called: where it waits for nothing but the time. */
  const late = async (asking: (reached: () => void) => Promise<string> | string, more: Partial<OutboundGiven> = {}) => {
    const url = await asking(() => setImmediate(() => limit.end()))
    await refuses(url, /in time/, { ...given, ...more })
    assert.equal(limit.askedMs, 5_000)
  }
  await late(async (reached) => (await serve(t, reached)).url)
  await late(async (reached) => {
    const { url } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{', reached)
    })
    return url
  })
  const { url } = await serve(t, json('{}'))
  let reachedName = () => {}
  await late(
    (reached) => {
      reachedName = reached
      return url.replace('127.0.0.1', 'slow.example')
    },
    {
      resolve: () => {
        reachedName()
        return new Promise<never>(() => undefined)
      },
    },
  )
})

test('a certificate that nobody vouches for is refused', async (t) => {
  const { url } = await serve(t, json('{}'))
  await refuses(url.replace('http:', 'https:'), /connection/)
})

test('a form is posted as it was given, under the name of its host, and its answer is bounded as every other', async (t) => {
  let seen: unknown
  const { url } = await serve(t, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += String(chunk)
    })
    request.on('end', () => {
      seen = [request.method, request.headers.host, request.headers['content-length'], body]
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}')
    })
  })
  const form = { headers: { host: 'named.example' }, body: 'a=1&b=2' }
  assert.deepEqual((await createOutbound(LOOPBACK).postForm(url, form)).value, { a: 1 })
  assert.deepEqual(seen, ['POST', 'named.example', '7', 'a=1&b=2'])
  await assert.rejects(createOutbound({ privateNetworks: [] }).postForm(url, form), /not public/)
  const refusing = await serve(t, (_request, response) => response.writeHead(403).end('no'))
  await assert.rejects(createOutbound(LOOPBACK).postForm(refusing.url, form), (error) => {
    assert.ok(error instanceof OutboundError && error.status === 403)
    return true
  })
})

test('a text is posted with its type and header, and its answer is handed over as far as it is short JSON', async (t) => {
  let seen = ''
  const { url } = await serve(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const { 'content-type': type, authorization, 'webhook-id': more } = request.headers
    seen = [request.method, type, authorization, more, Buffer.concat(chunks).toString()].join(' | ')
    const status = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('status'))
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"err":"invalid_key"}')
  })
  const message = {
    type: 'application/secevent+jwt',
    body: 'e\u00fc.b.c',
    authorization: 'Bearer a b',
    headers: { 'webhook-id': 'msg_1', 'content-type': 'text/html' },
  }
  for (const status of [202, 400, 503])
    assert.deepEqual(await createOutbound(LOOPBACK).post(`${url}?status=${status}`, message), {
      status,
      value: { err: 'invalid_key' },
    })
  assert.equal(seen, 'POST | application/secevent+jwt | Bearer a b | msg_1 | e\u00fc.b.c')
})

test('what is posted goes nowhere but where it is meant to, and what talks on or says nothing is not listened to', async (t) => {
  const message = { type: 'text/plain', body: 'x' }
  const fails = (url: string, why: RegExp, given: OutboundGiven = LOOPBACK) =>
    assert.rejects(createOutbound(given).post(url, message), (error) => {
      assert.ok(error instanceof OutboundError && why.test(error.message), String(error))
      return true
    })
  const target = await serve(t, json('{}'))
  await fails(target.url, /not public/, { privateNetworks: [] })
  for (const status of [301, 302, 307, 308]) {
    const { url } = await serve(t, (_request, response) => response.writeHead(status, { location: target.url }).end())
    await fails(url, /redirects/)
  }
  assert.equal(target.asked(), 0)
  await fails('https://user:secret@receiver.example/', /login/)
  const silent = await serve(t, () => undefined)
  await fails(silent.url, /in time/, { ...LOOPBACK, secondsMax: 0.2 })
  const endless = await serve(t, (_request, response) => {
    response.writeHead(202, { 'content-type': 'application/json' })
    Readable.from(spaces()).pipe(response)
  })
  assert.deepEqual(await createOutbound(LOOPBACK).post(endless.url, message), { status: 202, value: undefined })
  const dripping = await serve(t, (_request, response) => {
    response.writeHead(202).write('x')
  })
  await fails(dripping.url, /in time/, { ...LOOPBACK, secondsMax: 0.2 })
})

test('any request is sent as it is, and its whole answer is handed over whatever its status', async (t) => {
  const { url } = await serve(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.stringify({
        method: request.method,
        type: request.headers['x-type'],
        body: String(Buffer.concat(chunks)),
      })
      response.writeHead(418, { 'retry-after': '7' }).end(body)
    })
  })
  const message = { method: 'PATCH', headers: { 'x-type': 'a' }, body: 'ü', bytesMax: 1000, secondsMax: 600 }
  const { status, headers, bytes } = await createOutbound(LOOPBACK).send(url, message)
  assert.deepEqual([status, headers['retry-after']], [418, '7'])
  assert.deepEqual(JSON.parse(String(bytes)), { method: 'PATCH', type: 'a', body: 'ü' })
  const told = (over: object) => createOutbound(LOOPBACK).send(url, { ...message, ...over })
  await assert.rejects(told({ bytesMax: 10 }), /too large/)
  await assert.rejects(createOutbound({ privateNetworks: [] }).send(url, message), /not public/)
})

test('an answer that is cut off, compressed or a redirect is none', async (t) => {
  const message = { method: 'GET', headers: {}, body: undefined, bytesMax: 1000, secondsMax: 600 }
  const cases: readonly [RequestListener, RegExp][] = [
    [
      (_request, response) =>
        response.writeHead(200, { 'content-length': '9' }).write('1234', () => response.destroy()),
      /kept/,
    ],
    [(_request, response) => response.writeHead(200).write('1234', () => response.destroy()), /kept/],
    [(_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')), /compressed/],
    [(_request, response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(), /redirects/],
  ]
  for (const [answer, why] of cases) {
    const { url } = await serve(t, answer)
    await assert.rejects(createOutbound(LOOPBACK).send(url, message), why)
  }
})

test('a server is believed by the CA that is named for it, and by that name alone', async (t) => {
  const [ca, other] = [await makeAuthority(), await makeAuthority()]
  const { cert, key } = await serverCertificate(ca)
  const server = createTlsServer({ cert, key }, (_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const resolve = async (): Promise<Resolved[]> => [{ address: '127.0.0.1', family: 4 }]
  const ask = (host: string, named: string | undefined) =>
    createOutbound({ ...LOOPBACK, resolve }).send(`https://${host}:${port}/`, {
      ...{ method: 'GET', headers: {}, body: undefined, bytesMax: 1000, secondsMax: 600, ca: named },
    })
  assert.equal((await ask('localhost', ca.cert)).status, 200)
  await assert.rejects(ask('localhost', other.cert), /no connection/)
  await assert.rejects(ask('localhost', undefined), /no connection/)
  await assert.rejects(ask('elsewhere.example', ca.cert), /ALTNAME/)
})

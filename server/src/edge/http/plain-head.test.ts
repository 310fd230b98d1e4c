import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type Opened, plainOf } from './door.ts'
import { createReadPlain } from './plain-head.ts'

const OPENED: Opened = { readable: { types: ['application/json'], bodyBytesMax: 1000 }, lean: () => false }
const find = (path: string) => (path === '/asked' ? OPENED : undefined)

/** What Node's own parser makes of these bytes: each request that it read as a whole, or that it refused. */
let server: Server
let port = 0
const heard: {
  readonly method: string
  readonly url: string
  readonly raw: readonly string[]
  readonly body: string
}[] = []

before(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('latin1').on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      heard.push({ method: request.method ?? '', url: request.url ?? '', raw: request.rawHeaders, body })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
after(() => server.close())

const askNode = (bytes: Buffer): Promise<typeof heard> =>
  new Promise((resolve, reject) => {
    heard.length = 0
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    socket.on('data', () => undefined)
    socket.on('error', reject)
    socket.on('close', () => resolve([...heard]))
  })

const BODY = '{"a":1}'
const request = (lines: readonly string[], body = BODY, first = 'POST /asked HTTP/1.1') =>
  Buffer.from([first, ...lines, '', body].join('\r\n'), 'latin1')
const PLAIN = ['host: here', 'content-type: application/json', `content-length: ${BODY.length}`]

test('a plain request is read, and the next one with another length and the same head by what was remembered', () => {
  const read = createReadPlain(find)
  for (const body of [BODY, BODY, '{"a":12345678901}', '{}', BODY]) {
    const found = read(
      request(['host: here', 'content-type: application/json', `content-length: ${body.length}`], body),
      '::1',
    )
    assert.equal(found?.body.toString('latin1'), body)
    assert.equal(found?.plain.ip, '::1')
  }
})

const NOT_PLAIN: readonly (readonly [string, Buffer])[] = [
  ['another method', request(PLAIN, BODY, 'GET /asked HTTP/1.1')],
  ['another path', request(PLAIN, BODY, 'POST /other HTTP/1.1')],
  ['a query', request(PLAIN, BODY, 'POST /asked?a=1 HTTP/1.1')],
  ['an absolute target', request(PLAIN, BODY, 'POST http://here/asked HTTP/1.1')],
  ['HTTP/1.0', request(PLAIN, BODY, 'POST /asked HTTP/1.0')],
  ['two spaces', request(PLAIN, BODY, 'POST  /asked HTTP/1.1')],
  ['a tab', request(PLAIN, BODY, 'POST\t/asked HTTP/1.1')],
  ['an empty line before', Buffer.concat([Buffer.from('\r\n'), request(PLAIN)])],
  ['a transfer coding', request([...PLAIN, 'transfer-encoding: chunked'])],
  ['a transfer coding of its own spelling', request([...PLAIN, 'Transfer-Encoding : identity'])],
  ['two lengths', request([...PLAIN, `content-length: ${BODY.length}`])],
  ['two lengths in one', request(['host: here', 'content-type: application/json', 'content-length: 7, 7'])],
  ['a signed length', request(['host: here', 'content-type: application/json', 'content-length: +7'])],
  ['a length with a zero before it', request(['host: here', 'content-type: application/json', 'content-length: 07'])],
  ['a hexadecimal length', request(['host: here', 'content-type: application/json', 'content-length: 0x7'])],
  ['no length', request(PLAIN.slice(0, 2))],
  ['a space before the colon', request(['host : here', ...PLAIN.slice(1)])],
  ['a folded line', request(['x-a: b', ' c', ...PLAIN])],
  [
    'a bare line feed',
    Buffer.from(
      request([...PLAIN, 'x-a: b'])
        .toString('latin1')
        .replace('x-a: b\r\n', 'x-a: b\n'),
      'latin1',
    ),
  ],
  ['a bare carriage return', request([...PLAIN, 'x-a: b\rc'])],
  ['a NUL', request([...PLAIN, 'x-a: b\0c'])],
  ['a byte above ASCII', request([...PLAIN, 'x-a: \xff'])],
  ['an empty name', request([...PLAIN, ': b'])],
  ['two hosts', request([...PLAIN, 'host: there'])],
  ['no host', request(PLAIN.slice(1))],
  ['an end of the connection', request([...PLAIN, 'connection: close'])],
  ['a header named by connection', request([...PLAIN, 'connection: keep-alive, authorization'])],
  ['an upgrade', request([...PLAIN, 'upgrade: h2c'])],
  ['an expectation', request([...PLAIN, 'expect: 100-continue'])],
  ['a forwarded address', request([...PLAIN, 'x-forwarded-for: 10.0.0.1'])],
  ['a shown certificate', request([...PLAIN, 'client-cert: :AA==:'])],
  ['less than its length', request(PLAIN, BODY.slice(1))],
  ['more than its length', request(PLAIN, `${BODY}x`)],
  ['another request behind it', Buffer.concat([request(PLAIN), request(PLAIN)])],
  ['a head too long', request([...PLAIN, `x-a: ${'b'.repeat(13_000)}`])],
  ['too many headers', request([...PLAIN, ...Array.from({ length: 80 }, (_, at) => `x-${at}: b`)])],
]

test('whatever is not plain is not read, before and after a plain request of the same connection', () => {
  for (const [what, bytes] of NOT_PLAIN) {
    assert.equal(createReadPlain(find)(bytes, '::1'), undefined, what)
    const read = createReadPlain(find)
    assert.ok(read(request(PLAIN), '::1'))
    assert.equal(read(bytes, '::1'), undefined, `${what}, remembered`)
  }
})

// Parts of heads, plain and hostile, so that what is generated is often almost plain.
const NAMES = [
  'host',
  'Host',
  'content-length',
  'Content-Length',
  'content-type',
  'transfer-encoding',
  'connection',
  'x-a',
  'te',
  'authorization',
]
const VALUES = [
  'here',
  '7',
  '07',
  '70',
  'application/json',
  'chunked',
  'close',
  'keep-alive',
  '',
  ' 7',
  '7 ',
  '\t7',
  'Bearer a',
  'a\x00',
  '\xe9',
  'a:b',
]
const line = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(': ', ':', ' : ', ':\t'), fc.constantFrom(...VALUES))
  .map((all) => all.join(''))
const heads = fc.tuple(
  fc.shuffledSubarray(PLAIN, { minLength: 2 }),
  fc.array(line, { maxLength: 2 }),
  fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n '),
  fc.constantFrom(BODY, BODY, BODY, `${BODY} `, '{"b":2}', ''),
)

test('what is read as plain, Node reads as the same one request with the same headers and body', async () => {
  let plain = 0
  await fc.assert(
    fc.asyncProperty(heads, fc.boolean(), async ([known, more, end, body], isSecond) => {
      const at = known.length > 2 ? 1 : 0
      const lines = [...known.slice(0, at), ...more, ...known.slice(at)]
      const text = ['POST /asked HTTP/1.1', lines.join(end === '\r\n' ? '\r\n' : end), '', body].join('\r\n')
      const bytes = Buffer.from(text, 'latin1')
      const read = createReadPlain(find)
      if (isSecond) read(request(PLAIN), '::1')
      const found = read(bytes, '::1')
      if (found === undefined) return
      plain += 1
      const node = await askNode(bytes)
      assert.equal(node.length, 1, text)
      assert.deepEqual(
        [node[0]?.method, node[0]?.url, node[0]?.body],
        ['POST', '/asked', found.body.toString('latin1')],
      )
      assert.deepEqual(plainOf(node[0]?.raw ?? [], '::1'), found.plain, text)
    }),
    { numRuns: 4_000 },
  )
  assert.ok(plain > 100, `${plain} were plain`)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createLog } from '../../kit/log.ts'
import { systemRandom } from '../../kit/random.ts'
import { createDoor, type Lean } from './door.ts'
import { createHttp } from './server.ts'

const BODY = '{"asked":"something"}'
const HEAD = ['POST /asked HTTP/1.1', 'host: here', 'content-type: application/json', `content-length: ${BODY.length}`]
const REQUEST = [...HEAD, '', BODY].join('\r\n')

const serve = async (t: TestContext, lean: Lean) => {
  let nowMs = 0
  const clock = { now: () => new Date('2026-03-01T00:00:00Z'), monotonicMs: () => nowMs }
  const told: unknown[] = []
  const door = createDoor(clock, { error: (what: unknown) => void told.push(what) })
  door.open('/asked', { types: ['application/json'], bodyBytesMax: 1024 }, lean)
  const issuer = () => 'https://issuer.example.com'
  const http = createHttp({ issuer, trustedProxies: [], random: systemRandom(), clock, log: createLog('silent'), door })
  http.post('/asked', async (request) => `framework ${JSON.stringify(request.body)}\n`)
  await http.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => http.close())
  const address = http.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const open = async (): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { door, http, open, told, pass: (ms: number) => (nowMs += ms) }
}

/** Reads until it has seen this, or the end. */
const readUntil = (socket: Socket, wanted: RegExp): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    const heard = (part: Buffer): void => {
      text += part.toString('latin1')
      if (wanted.test(text)) resolve(text)
    }
    socket.on('data', heard)
    socket.on('end', () => resolve(text))
    socket.on('close', () => resolve(text))
  })

const UNTIL_MS_MAX = 15_000

/** Goes round the event loop until this is so; what never comes is a failure, not a test without an end. */
const until = async (isSo: () => boolean): Promise<void> => {
  const endMs = performance.now() + UNTIL_MS_MAX
  while (!isSo()) {
    assert.ok(performance.now() < endMs, `never: ${isSo}`)
    await new Promise(setImmediate)
  }
}

const answered = (response: Parameters<Lean>[1], text: string): true => {
  response.send({ status: 200, headers: [], text }, 'req_1')
  return true
}

test('what comes while an answer is awaited is answered after it, in order', async (t) => {
  const waiting: (() => void)[] = []
  let asked = 0
  const { open } = await serve(t, (_asked, response) => {
    const mine = ++asked
    waiting.push(() => answered(response, `lean ${mine}.`))
    if (mine > 1) waiting[mine - 1]?.()
    return true
  })
  const socket = await open()
  const read = readUntil(socket, /lean 3\./)
  socket.write(REQUEST)
  await until(() => waiting.length > 0)
  await new Promise<void>((resolve) => socket.write(REQUEST, () => resolve()))
  waiting[0]?.()
  await new Promise(setImmediate)
  socket.write(REQUEST)
  assert.deepEqual((await read).match(/lean \d/g), ['lean 1', 'lean 2', 'lean 3'])
})

test('an answer says its length in bytes, whatever its letters, when it was and that the connection stays', async (t) => {
  const { open } = await serve(t, (_asked, response) => answered(response, '{"é":"€😀"}'))
  const socket = await open()
  const read = readUntil(socket, /\}$/)
  socket.write(REQUEST)
  const [head = '', body = ''] = (await read).split('\r\n\r\n')
  assert.equal(Buffer.from(body, 'latin1').toString('utf8'), '{"é":"€😀"}')
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(head, new RegExp(`content-length: ${Buffer.byteLength(body, 'latin1')}\r\n`))
  assert.match(head, /date: Sun, 01 Mar 2026 00:00:00 GMT\r\nconnection: keep-alive\r\nkeep-alive: timeout=30$/)
})

test('whoever ends its half after asking is answered, and then the connection ends', async (t) => {
  const { open } = await serve(t, (_asked, response) => {
    setImmediate(() => answered(response, 'lean late'))
    return true
  })
  const socket = await open()
  const read = readUntil(socket, /never/)
  socket.end(REQUEST)
  assert.match(await read, /lean late$/)
})

test('whoever asks what is not plain and ends its half at once is answered by the framework, twice where it asked twice', async (t) => {
  const { open } = await serve(t, (_asked, response) => {
    setImmediate(() => answered(response, 'lean late'))
    return true
  })
  for (let times = 0; times < 20; times++) {
    const socket = await open()
    const read = readUntil(socket, /never/)
    socket.end(REQUEST.repeat(2))
    assert.equal((await read).match(/lean late|framework \{"asked":"something"\}/g)?.length, 2)
  }
})

test('a request that is given back, at once or later, is answered by the framework once, and so is what follows it', async (t) => {
  const ways = [() => false, async () => false, () => Promise.reject(new Error('not known'))] as const
  for (const back of ways) {
    let tried = 0
    const { open } = await serve(t, ({ mayWait }) => {
      tried += 1
      return mayWait ? back() : false
    })
    const socket = await open()
    const read = readUntil(socket, /framework[\s\S]*framework/)
    socket.write(REQUEST)
    await new Promise(setImmediate)
    socket.write(REQUEST)
    assert.equal((await read).match(/framework \{"asked":"something"\}/g)?.length, 2)
    assert.ok(tried >= 2, `${tried}`)
  }
})

// Once as it comes, and once through Node's server, by a word about the connection.
const WAYS = [REQUEST, REQUEST.replace('host: here', 'host: here\r\nconnection: close')]

test('a value that would end its line early is never sent: its connection is cut, which the log tells', async (t) => {
  const { open, told } = await serve(t, (_asked, response) => {
    // Later, as answers are: nobody stands around it who would catch what it throws.
    setImmediate(() => response.send({ status: 200, headers: [['x-told', 'a\r\nset-cookie: b']], text: '' }, 'req_1'))
    return true
  })
  for (const request of WAYS) {
    const socket = await open()
    const read = readUntil(socket, /never/)
    socket.write(request)
    assert.equal(await read, '')
  }
  assert.equal(told.length, WAYS.length)
})

test('what nobody expected of a request, at once or after its answer, cuts its connection, is told, and ends nothing else', async (t) => {
  let asked = 0
  const { open, told } = await serve(t, (_asked, response) => {
    asked += 1
    if (asked <= WAYS.length) throw new Error('not expected')
    answered(response, 'lean.')
    return asked === WAYS.length + 1 ? Promise.reject(new Error('not expected later')) : true
  })
  for (const request of [...WAYS, REQUEST]) {
    const socket = await open()
    const read = readUntil(socket, /never/)
    socket.write(request)
    assert.doesNotMatch(await read, /framework/)
  }
  assert.equal(told.length, WAYS.length + 1)
  const socket = await open()
  const read = readUntil(socket, /lean\./)
  socket.write(REQUEST)
  assert.match(await read, /lean\.$/)
})

const LARGE = 'x'.repeat(24 * 1024 * 1024)

test('an answer that waits for its reader is not cut as if its connection were idle, by whoever ends the server or its own half', async (t) => {
  for (const isHalf of [false, true]) {
    let asked = 0
    const { http, open } = await serve(t, (_asked, response) => {
      asked += 1
      return answered(response, LARGE)
    })
    const socket = await open()
    socket.pause()
    if (isHalf) socket.end(REQUEST)
    else socket.write(REQUEST)
    await until(() => asked > 0)
    http.server.closeIdleConnections()
    let bytes = 0
    const all = new Promise<void>((resolve) => {
      socket.on('close', resolve).on('data', (part) => {
        bytes += part.length
        if (bytes > LARGE.length && !isHalf) resolve()
      })
    })
    socket.resume()
    await all
    assert.ok(bytes > LARGE.length, `${bytes}`)
    socket.end()
    await http.close()
  }
})

test('whoever reads late goes on as before, also when less waited than a buffer holds, and leaves nothing behind', async (t) => {
  let ours: Socket | undefined
  let asked = 0
  const { open } = await serve(t, ({ socket }, response) => {
    ours = socket
    asked += 1
    return answered(response, 'x'.repeat(30 * 1024))
  })
  const socket = await open()
  const listeners = () => ['close', 'drain', 'error'].map((name) => ours?.listenerCount(name))
  let before: ReturnType<typeof listeners> | undefined
  let ends = 0
  socket.on('data', (part) => {
    ends += part.toString('latin1').split('HTTP/1.1 200').length - 1
  })
  for (let round = 0; round < 3; round++) {
    socket.pause()
    do {
      const last = asked
      socket.write(REQUEST)
      await until(() => asked > last)
      before ??= listeners()
    } while (ours?.writableLength === 0)
    assert.ok((ours?.writableLength ?? 0) < (ours?.writableHighWaterMark ?? 0))
    socket.write(REQUEST)
    const wanted = asked + 1
    socket.resume()
    await until(() => ends >= wanted)
  }
  assert.deepEqual(listeners(), before)
})

test('whoever ends its half is answered all that it asked before', async (t) => {
  const waiting: (() => void)[] = []
  let ours: Socket | undefined
  const { open } = await serve(t, ({ socket }, response) => {
    ours = socket
    waiting.push(() => answered(response, `lean ${waiting.length}.`))
    return true
  })
  const socket = await open()
  const read = readUntil(socket, /never/)
  socket.write(REQUEST)
  await until(() => waiting.length > 0)
  socket.end(REQUEST)
  await until(() => ours?.readableEnded === true)
  waiting[0]?.()
  await until(() => waiting.length > 1)
  waiting[1]?.()
  assert.deepEqual((await read).match(/lean \d/g), ['lean 1', 'lean 2'])
})

test('an answer given while the server ends says that its connection ends, and what came behind a request is answered first', async (t) => {
  for (const isMore of [false, true]) {
    let answer: (() => void) | undefined
    let ours: Socket | undefined
    const { door, http, open } = await serve(t, (asked, response) => {
      if (answer !== undefined) return false
      ours = asked.socket
      answer = () => answered(response, 'lean.')
      return true
    })
    const socket = await open()
    const read = readUntil(socket, /never/)
    socket.write(REQUEST)
    await until(() => answer !== undefined)
    if (isMore) socket.write(WAYS[1] ?? '')
    await until(() => !isMore || (ours?.bytesRead ?? 0) > REQUEST.length)
    door.shut()
    answer?.()
    const text = await read
    assert.match(
      text,
      isMore ? /keep-alive[\s\S]*lean\.HTTP[\s\S]*close[\s\S]*framework/i : /connection: close\r\n\r\nlean\.$/,
    )
    socket.end()
    await http.close()
  }
})

test('a door that is shut leaves everything to the framework, and a server that ends keeps no idle connection', async (t) => {
  const { door, http, open } = await serve(t, (_asked, response) => answered(response, 'lean.'))
  const [first, second] = [await open(), await open()]
  const read = readUntil(first, /lean\./)
  first.write(REQUEST)
  await read
  door.shut()
  const later = readUntil(second, /framework|lean/)
  second.write(REQUEST)
  // Through Node's server, whose other listeners can say that the connection ends; the door still answers there.
  assert.match(await later, /Keep-Alive: timeout/)
  const closed = Promise.all([once(first, 'close'), once(second, 'close')])
  first.on('end', () => first.end())
  second.on('end', () => second.end())
  await http.close()
  await closed
})

test('whoever does not read its answers is asked no more, and cut when the time for it is over', async (t) => {
  let asked = 0
  const { open, pass } = await serve(t, (_asked, response) => {
    asked += 1
    return answered(response, LARGE)
  })
  const socket = await open()
  socket.pause()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  socket.write(REQUEST)
  await until(() => asked > 0)
  socket.write(REQUEST)
  pass(10_000)
  // The reset is seen only by whoever reads or writes.
  const poke = setInterval(() => socket.write('x'), 20)
  t.after(() => clearInterval(poke))
  socket.on('close', () => clearInterval(poke))
  await closed
  assert.equal(asked, 1)
})

test('a server that ends waits for no reader longer than it otherwise would', async (t) => {
  for (const request of WAYS) {
    let asked = 0
    const { http, open, pass } = await serve(t, (_asked, response) => {
      asked += 1
      return answered(response, LARGE)
    })
    const socket = await open()
    socket.pause()
    socket.on('error', () => undefined)
    socket.write(request)
    await until(() => asked > 0)
    let isClosed = false
    void http.close().then(() => {
      isClosed = true
    })
    await until(() => !http.server.listening)
    pass(10_000)
    await until(() => isClosed)
    socket.destroy()
  }
})

/** One connection at its server's end, where a request is given to it as if it had just been read. */
const given = async ({ http, open }: Pick<Awaited<ReturnType<typeof serve>>, 'http' | 'open'>) => {
  const taken = once(http.server, 'connection')
  const client = await open()
  const [server] = await taken
  assert.ok(server instanceof Socket)
  return { client, ask: () => server.emit('data', Buffer.from(REQUEST)), cut: () => server.destroy() }
}

test('of a connection that is cut in the turn in which it asked nothing is begun', async (t) => {
  let asked = 0
  const served = await serve(t, (_asked, response) => answered(response, `lean ${++asked}.`))
  const [cut, other] = [await given(served), await given(served)]
  const read = readUntil(other.client, /lean \d\./)
  cut.ask()
  cut.cut()
  other.ask()
  assert.match(await read, /lean 1\./)
  assert.equal(asked, 1)
})

test('a connection that has just asked is not idle, for whoever ends those that are', async (t) => {
  const served = await serve(t, (_asked, response) => answered(response, 'lean'))
  const { client, ask } = await given(served)
  const read = readUntil(client, /lean/)
  ask()
  served.http.server.closeIdleConnections()
  assert.match(await read, /lean/)
})

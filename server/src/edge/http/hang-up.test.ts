import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testClock } from '../../../test/clock.ts'
import { hear } from '../../../test/heard.ts'
import { createLog } from '../../kit/log.ts'
import { systemRandom } from '../../kit/random.ts'
import { createDoor } from './door.ts'
import { createHttp } from './server.ts'

// RFC 9112 §9.2.

const open = async (t: TestContext) => {
  const [clock, log] = [testClock(), createLog('silent')]
  const issuer = () => 'https://issuer.example.com'
  const http = createHttp({
    issuer,
    trustedProxies: [],
    random: systemRandom(),
    clock,
    log,
    door: createDoor(clock, log),
  })
  http.post('/asked', async () => 'answered')
  await http.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => http.close())
  const address = http.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const heard = await hear(port)
  t.after(() => heard.socket.destroy())
  const statuses = async (): Promise<readonly string[]> => (await heard.whole()).match(/HTTP\/1\.1 \d+/g) ?? []
  return { ...heard, statuses }
}

const head = (more: string) =>
  `POST /asked HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n${more}\r\n`
const NO_CHUNK = 'zz\r\n'

test('a request that was answered before its body was whole gets no second answer when that body fails', async (t) => {
  const { socket, seen, statuses } = await open(t)
  socket.on('error', () => undefined).write(`${head('content-encoding: gzip\r\n')}1\r\n1\r\n`)
  await seen(/HTTP\/1\.1 415 /)
  socket.write(NO_CHUNK)
  assert.deepEqual(await statuses(), ['HTTP/1.1 415'])
})

test('what is no request is refused once, also behind one whose body was whole, and ends the connection', async (t) => {
  const { socket, seen, statuses } = await open(t)
  socket.on('error', () => undefined).write(`${head('content-encoding: gzip\r\n')}1\r\n1\r\n`)
  await seen(/HTTP\/1\.1 415 /)
  socket.write('0\r\n\r\n')
  socket.write(head('') + NO_CHUNK)
  assert.deepEqual(await statuses(), ['HTTP/1.1 415', 'HTTP/1.1 400'])
})

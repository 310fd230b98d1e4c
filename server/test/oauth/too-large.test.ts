import assert from 'node:assert/strict'
import { onEveryBroker } from '../broker.ts'
import { hear } from '../heard.ts'

const MIB = 1024 * 1024
const TYPE = 'content-type: application/x-www-form-urlencoded'
const head = (bytes: number) => `POST /oauth/token HTTP/1.1\r\nhost: x\r\n${TYPE}\r\ncontent-length: ${bytes}\r\n\r\n`

const open = (url: string) => hear(Number(new URL(url).port))

onEveryBroker(
  'whoever still sends a body that is too large gets its answer, and the connection goes on behind that body',
  async (test) => {
    const { socket, seen } = await open(test.url)
    const piece = ' '.repeat(MIB / 4)
    socket.write(head(8 * MIB) + piece.repeat(8))
    const answer = await seen(/too_large[^}]*}/)
    assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*"error":"invalid_request"/)
    assert.doesNotMatch(answer, /connection: close/i)
    for (let at = 8; at < 32; at++) await new Promise((resolve) => socket.write(piece, resolve))
    socket.write('GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n')
    await seen(/too_large[\s\S]*HTTP\/1\.1 404 /)
    socket.destroy()
  },
)

onEveryBroker('of a body that is many times too large no more is read', async (test) => {
  const { socket, seen, whole } = await open(test.url)
  socket.on('error', () => undefined).write(head(17 * MIB) + ' '.repeat(MIB + 1))
  assert.match(await seen(/too_large[^}]*}/), /^HTTP\/1\.1 413 [\s\S]*connection: close/i)
  await whole()
})

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { reeveHere } from './reeve-here.ts'

test('of a server that is sealed doctor tells that alone, and no fix that would be none', async () => {
  const server = createServer((request, response) => {
    const isHealth = request.url === '/healthz'
    response.writeHead(isHealth ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isHealth ? { status: 'sealed', detail: 'sealed: the key is missing' } : {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = Object(server.address())
    const { code, out } = await reeveHere()(['doctor', '--server', `http://127.0.0.1:${port}`, '--json'])
    assert.equal(code, 8)
    const { checks } = JSON.parse(out)
    assert.deepEqual(checks.slice(0, 2), [
      { check: 'the server answers', state: 'ok', fix: '' },
      { check: 'the server is ready', state: 'bad', fix: 'sealed: the key is missing' },
    ])
    assert.deepEqual(
      checks.slice(2).map(({ check }: { check: string }) => check),
      ['only you can read the login', 'somebody is logged in here'],
    )
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

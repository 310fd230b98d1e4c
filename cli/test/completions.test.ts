import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { completions } from '../src/completions.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const HOSTILE = [
  '$(touch /tmp/x)',
  '`id`',
  'a;id',
  'a|id',
  'a b',
  'a\nid',
  '*',
  '~root',
  '--server=https://evil.example',
  '\u001b[2Ja',
  'a\u202eb',
  "a'b",
  'a"b',
  'a\\b',
  '',
]

test('no name that a server answers reaches the line of a shell but as one plain word', async (t) => {
  const items = [...HOSTILE, 'orders-sync', 'team/orders.api:1'].map((name) => ({ name }))
  const http = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items, nextCursor: null }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const { around, folder, remove } = fakeSurroundings({ serverUrl: url })
  t.after(() => {
    remove()
    http.closeAllConnections()
    http.close()
  })
  const sessionFile = join(folder, 'session')
  const session = { server: url, person: 'per_x', token: 'reeve_ps_x', expiresAt: '2026-11-01T20:00:00Z' }
  writeFileSync(sessionFile, JSON.stringify(session))
  const found = await completions({ ...around, sessionFile }, ['identity', 'show', ''])
  assert.deepEqual(found, ['orders-sync', 'team/orders.api:1'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../kit/log.ts'
import { systemRandom } from '../../kit/random.ts'
import { createDoor } from './door.ts'
import { createHttp } from './server.ts'

test('ids of requests begin with the time, so that those of one moment stand beside each other in the log', async (t) => {
  let now = new Date('2026-03-01T00:00:00Z')
  const http = createHttp({
    issuer: () => 'https://issuer.example.com',
    trustedProxies: [],
    random: systemRandom(),
    clock: { now: () => now, monotonicMs: () => 0 },
    log: createLog('silent'),
    door: createDoor({ monotonicMs: () => 0 }, createLog('silent')),
  })
  const url = await http.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => http.close())
  const ask = async () => (await fetch(url)).headers.get('x-request-id') ?? ''
  const [one, other] = [await ask(), await ask()]
  now = new Date('2026-03-01T01:00:00Z')
  const later = await ask()
  assert.match(one, /^req_[\w-]{22}$/)
  assert.notEqual(one, other)
  assert.equal(one.slice(0, 12), other.slice(0, 12))
  assert.notEqual(one.slice(0, 12), later.slice(0, 12))
})

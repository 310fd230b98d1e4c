import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Admin, onEveryServer, type RunningServer } from '../process.ts'
import { withSql } from '../sql.ts'
import { startReplicas } from './replicas.ts'

// A feed comes from the address that the test gives it.
const THROUGH_PROXY = { REEVE_TRUSTED_PROXIES: '127.0.0.1' }
const WITHIN_MS = 120_000

test('a quarantine on one replica names the feeds that are open on the other, until they close or it stops', async (t) => {
  const replicas = await startReplicas('postgres', 2, THROUGH_PROXY)
  if (replicas === undefined) return t.skip('no PostgreSQL here, and replicas need one')
  const { servers, admin, place } = replicas
  const [asked, other] = servers
  assert.ok(asked && other)
  const closing = new AbortController()
  try {
    assert.deepEqual(await stopAndName(asked, admin), [])
    await follow(asked, '10.0.0.1', new AbortController().signal)
    await follow(other, '10.0.0.2', new AbortController().signal)
    await follow(other, '10.0.0.3', closing.signal)
    const openedAt = performance.now()
    await until(asked, admin, ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    t.diagnostic(`named on the other replica ${Math.round(performance.now() - openedAt)} ms after they were opened`)
    closing.abort()
    await until(asked, admin, ['10.0.0.1', '10.0.0.2'])
    await other.stop()
    assert.deepEqual(await stopAndName(asked, admin), ['10.0.0.1'], 'who stops takes its feeds off the list')
    const [row] = await withSql(place, (sql) => sql.rows('select count(*) as n from broker_follower'))
    assert.equal(Number(row?.n), 1)
  } finally {
    closing.abort()
    await replicas.stop()
  }
})

onEveryServer(
  'a quarantine names the feeds that are open on the same server at once, and no row of one outlives the server',
  async ({ server, admin, place }) => {
    const closing = new AbortController()
    await follow(server, '10.0.0.1', closing.signal)
    assert.deepEqual(await stopAndName(server, admin), ['10.0.0.1'])
    closing.abort()
    await until(server, admin, [])
    await server.stop()
    const [row] = await withSql(place, (sql) => sql.rows('select count(*) as n from broker_follower'))
    assert.equal(Number(row?.n), 0)
  },
  THROUGH_PROXY,
)

const follow = async (server: RunningServer, address: string, signal: AbortSignal): Promise<void> => {
  const headers = { accept: 'text/event-stream', 'x-forwarded-for': address }
  const { status, body } = await fetch(`${server.url}/revocations`, { headers, signal })
  assert.equal(status, 200)
  // Read to its end, which comes with the abort or with the server.
  body?.pipeTo(new WritableStream()).catch(() => undefined)
}

let stops = 0

/** Stops a token that nobody has, and gives the open feeds that the answer names. */
const stopAndName = async (server: RunningServer, admin: Admin): Promise<readonly string[]> => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const input = { jti: `token-${++stops}`, expiresAt, reason: 'a test' }
  const { unconfirmed } = await admin.client(server).broker.token.quarantine(input)
  return unconfirmed
    .filter(({ kind }) => kind === 'connection')
    .map(({ name }) => name)
    .toSorted()
}

const until = async (server: RunningServer, admin: Admin, names: readonly string[]): Promise<void> => {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const named = await stopAndName(server, admin)
    if (JSON.stringify(named) === JSON.stringify(names)) return
    assert.ok(performance.now() < deadline, `named ${named.join(', ')} and not ${names.join(', ')}`)
  }
}

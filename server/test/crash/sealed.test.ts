import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { enrolAdmin, makePlace, type ServerProcess, startServer } from '../process.ts'
import { withSql } from '../sql.ts'
import { bySecret, postForm, setUpWorkload } from '../workload.ts'

// What a server with its key answers; a sealed one has none of it.
const SERVED = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /revocations',
  'GET /v1/inventory.identity.list',
  'GET /audit/export',
  'POST /oauth/token',
  'POST /oauth/introspect',
  'POST /v1/inventory.identity.create',
  'POST /v1/lifecycle.person.enrol',
]

for (const engine of ['sqlite', 'postgres'] as const)
  test(`K3: without its key, or with another, a server says that it is sealed and serves nothing; with it, it goes on [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const kek = randomBytes(32).toString('base64')
      const key = { REEVE_KEK: kek }
      const first = await startServer(place, key)
      const admin = await enrolAdmin(first)
      const workload = await setUpWorkload(first, admin)
      await first.stop()
      const before = await rowsOf(place)

      const wrong = await startServer(place, { REEVE_KEK: randomBytes(32).toString('base64') })
      await assertSealed(wrong, /key-encryption key is not the one that this database was made with/)
      await wrong.stop()
      const missing = await startServer(place, { REEVE_KEK_FILE: join(place.folder, 'no-such-file') })
      await assertSealed(missing, /key-encryption key is missing/)
      assert.ok(!`${wrong.output()}${missing.output()}`.includes(kek))
      await missing.stop()
      assert.equal(await rowsOf(place), before, 'a sealed server writes nothing')

      const again = await startServer(place, key)
      const { status } = await postForm(again, '/oauth/token', bySecret(workload))
      assert.equal(status, 200)
      await again.stop()
    } finally {
      await place.remove()
    }
  })

test('K3: a data folder whose key file is gone is sealed, and no new key is made over the lost one', async () => {
  const place = await makePlace('sqlite')
  assert.ok(place)
  try {
    await (await startServer(place)).stop()
    const file = join(place.folder, 'data', 'kek')
    renameSync(file, `${file}.away`)
    const sealed = await startServer(place)
    await assertSealed(sealed, /key-encryption key is missing/)
    await sealed.stop()
    renameSync(`${file}.away`, file)
    const again = await startServer(place)
    assert.equal((await fetch(`${again.url}/readyz`)).status, 200)
    await again.stop()
  } finally {
    await place.remove()
  }
})

const assertSealed = async (server: ServerProcess, why: RegExp): Promise<void> => {
  const health = await (await fetch(`${server.url}/healthz`)).json()
  assert.equal(health.status, 'sealed')
  assert.match(health.detail, why)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503)
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^reeve_sealed 1$/m)
  for (const route of SERVED) {
    const [method = '', path = ''] = route.split(' ')
    const { status } = await fetch(server.url + path, { method })
    assert.ok(status === 404 || status === 503, `${route} answered ${status}`)
  }
}

const rowsOf = (place: Parameters<typeof withSql>[0]): Promise<number> =>
  withSql(place, async (sql) => Number((await sql.rows('select count(*) as n from ledger_entry'))[0]?.n))

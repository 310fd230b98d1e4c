import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrations } from '../../migrations/index.ts'
import { startHostedServer } from '../hosted-server.ts'
import { enrolAdmin, makePlace, type RunningServer } from '../process.ts'
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
      const first = await startHostedServer(place, key)
      const admin = await enrolAdmin(first)
      const workload = await setUpWorkload(first, admin)
      await first.stop()
      const before = await rowsOf(place)

      const wrong = await startHostedServer(place, { REEVE_KEK: randomBytes(32).toString('base64') })
      await assertSealed(wrong, /key-encryption key is not the one that this database was made with/)
      await wrong.stop()
      const missing = await startHostedServer(place, { REEVE_KEK_FILE: join(place.folder, 'no-such-file') })
      await assertSealed(missing, /key-encryption key is missing/)
      assert.ok(!`${wrong.output()}${missing.output()}`.includes(kek))
      await missing.stop()
      assert.equal(await rowsOf(place), before, 'a sealed server writes nothing')

      const again = await startHostedServer(place, key)
      const { status } = await postForm(again, '/oauth/token', bySecret(workload))
      assert.equal(status, 200)
      await again.stop()
    } finally {
      await place.remove()
    }
  })

for (const engine of ['sqlite', 'postgres'] as const)
  test(`K3: a data folder whose key file is gone is sealed; no key is made over the lost one, and nothing is written [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await (await startHostedServer(place)).stop()
      const file = join(place.folder, 'data', 'kek')
      renameSync(file, `${file}.away`)
      // A time line that no migration could go on from: whoever has no key does not even try.
      await withSql(place, (sql) =>
        sql.rows(`update kit_migration set name = '${LAST_MIGRATION}-away' where name = '${LAST_MIGRATION}'`),
      )
      const before = await rowsOf(place)
      for (const _ of ['once', 'again']) {
        const sealed = await startHostedServer(place)
        await assertSealed(sealed, /key-encryption key is missing, and nothing was written: put it back .*REEVE_KEK/)
        await sealed.stop()
        assert.ok(!existsSync(file), 'no new key')
        assert.equal(await rowsOf(place), before, 'nothing written')
      }
      await withSql(place, (sql) =>
        sql.rows(`update kit_migration set name = '${LAST_MIGRATION}' where name = '${LAST_MIGRATION}-away'`),
      )
      renameSync(`${file}.away`, file)
      const again = await startHostedServer(place)
      assert.equal((await fetch(`${again.url}/readyz`)).status, 200)
      await again.stop()
    } finally {
      await place.remove()
    }
  })

test('K3: a second replica with a folder of its own makes no key beside that of the first [postgres]', async (t) => {
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here')
  try {
    const first = await startHostedServer(place)
    const folder = join(place.folder, 'second')
    const second = await startHostedServer(place, { REEVE_DATA: folder })
    await assertSealed(second, /key-encryption key is missing/)
    assert.ok(!existsSync(join(folder, 'kek')))
    await second.stop()
    await first.stop()
  } finally {
    await place.remove()
  }
})

const LAST_MIGRATION = Object.keys(migrations).at(-1)

const assertSealed = async (server: RunningServer, why: RegExp): Promise<void> => {
  const health = await (await fetch(`${server.url}/healthz`)).json()
  assert.equal(health.status, 'sealed')
  assert.match(health.detail, why)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503)
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^reeve_sealed 1$/m)
  for (const route of SERVED) {
    const [method = '', path = ''] = route.split(' ')
    const refused = await fetch(server.url + path, { method })
    const { code } = await refused.json()
    assert.deepEqual([refused.status, code, refused.headers.get('retry-after')], [503, 'sealed', '10'], route)
  }
}

const rowsOf = (place: Parameters<typeof withSql>[0]): Promise<string> =>
  withSql(place, async (sql) => {
    const counts = await Promise.all(
      ['ledger_entry', 'kit_data_key', 'kit_migration', 'broker_signing_key'].map((table) =>
        sql.rows(`select count(*) as n from ${table}`),
      ),
    )
    return counts.map(([row]) => String(row?.n)).join(' ')
  })

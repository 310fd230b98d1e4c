import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHostedServer } from '../hosted-server.ts'
import { enrolAdmin, makePlace } from '../process.ts'
import { withSql } from '../sql.ts'
import { bySecret, identityInput, postForm, setUpWorkload } from '../workload.ts'
import { standBefore } from './lost-reply.ts'

const TIMES = 6

test('D5, A1: where the reply to a COMMIT is lost, or the database is gone, the caller is told to come back; a repeat has one effect, and what needs no database is answered', async (t) => {
  const place = await makePlace('postgres')
  const url = place?.environment.REEVE_DATABASE_URL
  if (place === undefined || url === undefined) return t.skip('no PostgreSQL here')
  const { between, through } = await standBefore(url)
  try {
    const server = await startHostedServer(place, { REEVE_DATABASE_URL: through })
    const admin = await enrolAdmin(server)
    const workload = await setUpWorkload(server, admin)
    const { team } = workload
    const create = (name: string) =>
      fetch(`${server.url}/v1/inventory.identity.create`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${admin.token}`,
          'content-type': 'application/json',
          'idempotency-key': `key-${name}`,
        },
        body: JSON.stringify({ ...identityInput(name, team), purpose: `purpose of ${name}` }),
      })
    for (let at = 0; at < TIMES; at++) {
      const name = `made-${at}`
      // What is written to the row of the identity, and not the key: that one is looked for before the transaction.
      between.loseCommitAfter(`purpose of ${name}`)
      const first = await create(name).catch((error: unknown) => {
        throw new Error(`the server is gone:\n${server.output()}`, { cause: error })
      })
      assert.equal(first.status, 503, server.output())
      assert.ok(first.headers.has('retry-after'))
      await first.arrayBuffer()
      const [second, third] = [await create(name), await create(name)]
      assert.equal(second.status, 200)
      assert.deepEqual(await second.json(), await third.json())
    }
    await withSql(place, async (sql) => {
      const rows = await sql.rows(`select name from inventory_identity where name like 'made-%'`)
      assert.equal(rows.length, TIMES)
    })
    assert.equal(between.lost(), TIMES)
    t.diagnostic(`${TIMES} replies to the COMMIT of a write lost: ${TIMES} effects for ${TIMES} keys`)
    const issue = () => postForm(server, '/oauth/token', bySecret(workload))
    assert.equal((await issue()).status, 200)
    between.pass('nothing')
    for (const path of [
      '/livez',
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/revocations',
    ]) {
      const answer = await fetch(server.url + path)
      assert.equal(answer.status, 200, `A1: ${path}`)
      await answer.arrayBuffer()
    }
    const startedAtMs = performance.now()
    const { status, body } = await issue()
    const tookMs = performance.now() - startedAtMs
    assert.deepEqual([status, body.access_token], [503, undefined], 'A1: no token without its record')
    const write = await create('made-away')
    assert.deepEqual([write.status, write.headers.has('retry-after')], [503, true], 'A1')
    await write.arrayBuffer()
    between.pass('all')
    while ((await issue()).status !== 200) await new Promise(setImmediate)
    t.diagnostic(`A1: 503 after ${Math.round(tookMs)} ms while the database was gone`)
    await server.stop()
  } finally {
    await between.close()
    await place.remove()
  }
})

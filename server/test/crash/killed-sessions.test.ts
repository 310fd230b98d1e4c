import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { startHostedServer } from '../hosted-server.ts'
import { enrolAdmin, makePlace } from '../process.ts'
import { withSql } from '../sql.ts'
import { byAssertion, claimsIn, identityInput, type OAuthAnswer, postForm, setUpWorkload } from '../workload.ts'

// A3 of the trust bars.

const KILLS = rounds({ quick: 4, full: 20 })
const ASKERS = 6
const MAKERS = 2
const BETWEEN_KILLS = 10
const ISSUER = 'https://reeve.example.com'

test('A3: sessions of the database that are killed again and again under load lose nothing and double nothing, and each request ends in success with its record or in an error that says what to do', async (t) => {
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here')
  try {
    const server = await startHostedServer(place, { REEVE_ISSUER: ISSUER, REEVE_DATABASE_POOL: '6' })
    const admin = await enrolAdmin(server)
    const workload = await setUpWorkload(server, admin)
    const tokens: string[] = []
    const made: string[] = []
    const wrong: string[] = []
    const ends = { refused: 0, replayed: 0 }
    let assertions = 0
    let isOver = false

    /** Each assertion is used twice at once, and again where nobody knows what became of it. */
    const askForTokens = async (): Promise<void> => {
      while (!isOver) {
        assertions++
        const form = await byAssertion(workload, ISSUER)
        const ask = () => postForm(server, '/oauth/token', form)
        const first = await Promise.all([ask(), ask()])
        judge(first.some(({ status }) => status === 503) ? [...first, await ask()] : first)
      }
    }
    const judge = (all: readonly OAuthAnswer[]): void => {
      const given = all.flatMap(({ status, body }) => (status === 200 ? [String(body.access_token)] : []))
      if (given.length > 1) wrong.push(`${given.length} tokens for one assertion`)
      tokens.push(...given)
      for (const { status, body } of all)
        if (status === 503 && typeof body.error === 'string') ends.refused++
        else if (status === 401 && body.error === 'invalid_client') ends.replayed++
        else if (status !== 200) wrong.push(`${status} ${JSON.stringify(body)}`)
    }
    /** Asks with one key until it is told that it was done. */
    const make = async (): Promise<void> => {
      while (!isOver) {
        const name = `made-${crypto.randomUUID()}`
        made.push(name)
        for (let status = 0; status !== 200; ) {
          const response = await fetch(`${server.url}/v1/inventory.identity.create`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${admin.token}`,
              'content-type': 'application/json',
              'idempotency-key': name,
            },
            body: JSON.stringify(identityInput(name, workload.team)),
          })
          ;({ status } = response)
          const text = await response.text()
          if (status === 503 && response.headers.has('retry-after')) ends.refused++
          else if (status !== 200) return void wrong.push(`${status} ${text}`)
        }
      }
    }
    const load = Promise.all([...Array.from({ length: ASKERS }, askForTokens), ...Array.from({ length: MAKERS }, make)])
    let killed = 0
    await withSql(place, async (sql) => {
      for (let kill = 0; kill < KILLS && wrong.length === 0; kill++) {
        const before = tokens.length + made.length
        while (tokens.length + made.length < before + BETWEEN_KILLS && wrong.length === 0)
          await postForm(server, '/oauth/introspect', { token: 'x' })
        const rows = await sql.rows(`select pg_terminate_backend(pid) as is_ended from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`)
        killed += rows.length
      }
    })
    isOver = true
    await load
    await server.stop()
    assert.deepEqual(wrong.slice(0, 5), [], server.output().slice(-3000))
    await withSql(place, async (sql) => {
      const recorded = async (kind: string) =>
        (await sql.rows(`select body from ledger_entry where kind = ? and outcome = 'done'`, kind)).map(({ body }) =>
          JSON.parse(String(body)),
        )
      const issued = (await recorded('broker.token.issue')).map(({ token }) => String(token))
      assert.equal(new Set(issued).size, issued.length, 'no token is recorded twice')
      assert.ok(issued.length <= assertions, `${issued.length} tokens recorded for ${assertions} assertions`)
      const digests = new Set(issued)
      assert.deepEqual(
        tokens.filter((token) => !digests.has(digestOf(token))),
        [],
        'each token that was given out is on record',
      )
      const names = (await sql.rows(`select name from inventory_identity where name like 'made-%'`)).map(
        ({ name }) => name,
      )
      assert.deepEqual(names.toSorted(), made.toSorted(), 'what was acknowledged is there, once')
      const creations = (await recorded('inventory.identity.create'))
        .filter(({ evidence, on }) => evidence.replay !== true && String(on.name).startsWith('made-'))
        .map(({ on }) => on.name)
      assert.deepEqual(creations.toSorted(), made.toSorted(), 'each has one creation on record')
    })
    t.diagnostic(
      `A3: ${killed} sessions killed in ${KILLS} rounds: ${tokens.length} tokens of ${assertions} assertions, ` +
        `${made.length} identities, ${ends.refused} told to come back, ${ends.replayed} replays refused`,
    )
    assert.ok(killed >= KILLS && tokens.length > 0 && made.length > 0)
  } finally {
    await place.remove()
  }
})

const digestOf = (token: string): string =>
  createHash('sha256')
    .update(String(claimsIn(token).jti))
    .digest('base64url')

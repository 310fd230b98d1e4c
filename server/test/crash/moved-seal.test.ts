import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHostedServer } from '../hosted-server.ts'
import { enrolAdmin, makePlace, type Place, spawnServer } from '../process.ts'
import { withSql } from '../sql.ts'
import { bySecret, identityInput, postForm, setUpWorkload } from '../workload.ts'

// Somebody who can write to the database but has no key: each moves what is sealed to where it would do something.
const MOVES = {
  'the key of one algorithm in the row of another': [
    `update broker_signing_key set sealed = (select sealed from broker_signing_key where algorithm = 'EdDSA') where algorithm = 'ES256'`,
  ],
  "the log's key in the row of a token key": [
    `update broker_signing_key set sealed = (select sealed from ledger_key) where algorithm = 'ES256'`,
  ],
  "a token key in the row of the log's key": [
    `update ledger_key set sealed = (select sealed from broker_signing_key where algorithm = 'EdDSA')`,
  ],
  'an answer kept for a retry in the row of a token key': [
    `update broker_signing_key set sealed = (select response from kit_idempotency limit 1) where algorithm = 'ES256'`,
  ],
} as const

for (const engine of ['sqlite', 'postgres'] as const)
  test(`K1: a server does not start on a database in which something sealed was moved, and says what [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const first = await startHostedServer(place)
      const admin = await enrolAdmin(first)
      const workload = await setUpWorkload(first, admin)
      const { policy } = admin.client(first)
      // A resource with another algorithm makes the second key.
      const edUri = 'https://ed.example.com/'
      const resource = await policy.resource.create({
        name: 'ed-resource',
        uri: edUri,
        environment: 'test',
        sensitivity: 'internal',
        owner: workload.team,
        servedBy: [],
        tokenAlgorithm: 'EdDSA',
        actions: [{ name: 'ed.read', effect: 'read' }],
      })
      await policy.grant.create({
        identity: workload.id,
        resource: resource.id,
        actions: ['ed.read'],
        expiresAt: '20d',
      })
      assert.equal((await postForm(first, '/oauth/token', bySecret(workload, edUri))).status, 200)
      await first.stop()
      const kept = await sealedIn(place)
      // The engines do not differ here, and every move costs a start.
      const moves = Object.entries(MOVES).slice(0, engine === 'sqlite' ? undefined : 2)
      for (const [what, statements] of moves) {
        await withSql(place, (sql) => sql.run(statements.join(';')))
        const refused = spawnServer(place)
        assert.deepEqual(await refused.refused(), { code: 1, signal: null }, what)
        assert.match(
          refused.stderr(),
          /^reeve: what is sealed in \w+\.sealed, row \S+, was changed or moved there; /,
          what,
        )
        await restore(place, kept)
      }
      const again = await startHostedServer(place)
      assert.equal((await postForm(again, '/oauth/token', bySecret(workload))).status, 200)
      await again.stop()
    } finally {
      await place.remove()
    }
  })

for (const engine of ['sqlite', 'postgres'] as const)
  test(`K1: nobody gets an answer that was kept for somebody else's retry [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const server = await startHostedServer(place)
      const admin = await enrolAdmin(server)
      const { team } = await setUpWorkload(server, admin)
      const { create } = admin.client(server).inventory.identity
      const made = (word: string) => create(identityInput(`made-${word}`, team), { idempotencyKey: `key-${word}` })
      const [one, two] = [await made('one'), await made('two')]
      assert.deepEqual(await made('one'), one)
      await withSql(place, (sql) =>
        sql.run(
          `update kit_idempotency set response = (select response from kit_idempotency where key = 'key-two') where key = 'key-one'`,
        ),
      )
      await assert.rejects(made('one'), /something failed on our side/)
      assert.deepEqual(await made('two'), two)
      await server.stop()
    } finally {
      await place.remove()
    }
  })

interface Kept {
  readonly tokens: readonly { readonly id: unknown; readonly sealed: unknown }[]
  readonly log: unknown
}

const sealedIn = (place: Place): Promise<Kept> =>
  withSql(place, async (sql) => ({
    tokens: (await sql.rows('select id, sealed from broker_signing_key')).map(({ id, sealed }) => ({ id, sealed })),
    log: (await sql.rows('select sealed from ledger_key'))[0]?.sealed,
  }))

const restore = (place: Place, kept: Kept): Promise<void> =>
  withSql(place, async (sql) => {
    for (const { id, sealed } of kept.tokens)
      await sql.rows('update broker_signing_key set sealed = ? where id = ?', String(sealed), String(id))
    await sql.rows('update ledger_key set sealed = ?', String(kept.log))
  })

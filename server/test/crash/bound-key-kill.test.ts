import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTokenSource } from '@reeve/sdk'
import { createBoundKeyFile } from '@reeve/sdk/bound-key'
import { rounds } from '../../../test/rounds.ts'
import { enrolAdmin, makePlace, startServer } from '../process.ts'
import { setUpWorkload } from '../workload.ts'

const ISSUER = 'https://reeve.example.com'
const ROUNDS = rounds({ quick: 2, full: 6 })
// A request takes some hundreds of them.
const TURNS_MAX = 3_000
const environment = { REEVE_ISSUER: ISSUER, REEVE_DATABASE_POOL: '6' }

for (const engine of ['sqlite', 'postgres'] as const)
  test(`a server that is killed at any moment of a use never takes its machine for a copy [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      let server = await startServer(place, environment)
      const admin = await enrolAdmin(server)
      const { id, audience } = await setUpWorkload(server, admin)
      const { secret } = await admin.client(server).broker.credential.add({ identity: id, kind: 'bound-key' })
      const file = join(place.folder, 'key.json')
      let granted = 0
      let unanswered = 0
      /** One use by a program that knows nothing but the file; whether it got a token. */
      const ask = async (): Promise<boolean> => {
        const source = createTokenSource({
          issuer: ISSUER,
          clientId: id,
          audience,
          auth: { boundKey: createBoundKeyFile(file), join: async () => secret ?? '' },
          fetch: (url, init) => fetch(url.replace(ISSUER, server.url), init),
          feed: false,
        })
        try {
          await source.token()
          granted += 1
          return true
        } catch (error) {
          const code = error instanceof Error && 'code' in error ? error.code : error
          // A server that is gone answers nothing, and one that goes says that it does.
          assert.equal(code, 'issuer_unreachable', String(error))
          unanswered += 1
          return false
        } finally {
          source.close()
        }
      }
      for (let round = 0; round < ROUNDS; round++) {
        const doomed = server
        const killing = turns(Math.random() * TURNS_MAX).then(() => doomed.kill('SIGKILL'))
        while (await ask());
        await killing
        await doomed.exited
        server = await startServer(place, environment)
        assert.ok(await ask(), 'the machine goes on with the next server')
      }
      const { items } = await admin.client(server).broker.instance.list({ identity: id })
      assert.ok(items.every(({ state }) => state === 'active'))
      t.diagnostic(`${ROUNDS} kills: ${granted} uses with a token, ${unanswered} without an answer, 0 taken for a copy`)
      await server.stop()
    } finally {
      await place.remove()
    }
  })

/** So many turns of the event loop: somewhere within a request, whatever the machine. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

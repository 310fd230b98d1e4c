import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { holdKey } from '../dpop.ts'
import { eachOf } from '../hostile/surface.ts'
import { byAssertion, bySecret, setUpWorkload } from '../workload.ts'
import { ISSUER, startReplicas } from './replicas.ts'

// C2 of the trust bars; what one process is asked at once is in server/test/oauth.

const USES = rounds({ quick: 80, full: 1_000 })
const AT_ONCE = 60

for (const [engine, count] of [
  ['sqlite', 1],
  ['postgres', 3],
] as const)
  test(`C2: of ${USES} uses of one assertion, and of one proof of a key, at once on ${count} replicas, exactly one succeeds [${engine}]`, async (t) => {
    const replicas = await startReplicas(engine, count)
    if (replicas === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const { servers, admin } = replicas
      const [first] = servers
      assert.ok(first)
      const workload = await setUpWorkload(first, admin)
      const everywhere = async (form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>) => {
        const ends = new Map<string, number>()
        await eachOf(
          Array.from({ length: USES }, (_, at) => at),
          AT_ONCE,
          async (at) => {
            const server = servers[at % servers.length] ?? first
            const end = (await ask(server, form, headers)).end
            ends.set(end, (ends.get(end) ?? 0) + 1)
          },
        )
        return Object.fromEntries(ends)
      }
      const assertion = await byAssertion(workload, ISSUER)
      assert.deepEqual(await everywhere(assertion, {}), { issued: 1, invalid_client: USES - 1 })
      const held = await holdKey()
      const url = `${ISSUER}/oauth/token`
      const form = bySecret(workload)
      const { nonce } = await ask(first, form, { dpop: await held.prove({ method: 'POST', url }) })
      const dpop = await held.prove({ method: 'POST', url, nonce })
      assert.deepEqual(await everywhere(form, { dpop }), { issued: 1, invalid_dpop_proof: USES - 1 })
    } finally {
      await replicas.stop()
    }
  })

const ask = async (
  server: { readonly url: string },
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
) => {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
  const body = await response.json()
  return {
    end: response.status === 200 ? 'issued' : String(body.error),
    nonce: response.headers.get('dpop-nonce') ?? '',
  }
}

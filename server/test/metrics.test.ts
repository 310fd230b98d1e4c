import assert from 'node:assert/strict'
import { createClient } from '@reeve/sdk/client'
import { z } from 'zod'
import { createPep, ownToken } from './authzen/pep.ts'
import { onEveryServer } from './process.ts'
import { bySecret, postForm, setUpWorkload } from './workload.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const askToken = async (url: string, id: string, secret: string, form: Readonly<Record<string, string>>) => {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  })
  await response.text()
  return response.status
}

onEveryServer(
  'tokens, decisions and quarantines are counted as they are recorded, and the lag is measured',
  async ({ server, admin }) => {
    const counted = async (line: string): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((each) => each.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? 0,
      )
    }
    const workload = await setUpWorkload(server, admin)
    const { id, secret, audience, api } = workload
    const allowed = await counted('reeve_policy_decisions_total{decision="allow"}')
    assert.ok(allowed > 0, String(allowed))
    const denied = await counted('reeve_policy_decisions_total{decision="deny"}')
    for (const _ of [1, 2, 3]) assert.equal(await askToken(server.url, id, secret, { resource: audience }), 200)
    assert.notEqual(await askToken(server.url, api.id, api.secret, { resource: audience }), 200)
    const tokens = 'reeve_tokens_issued_total{grant="client_credentials",result='
    assert.equal(await counted(`${tokens}"done"}`), 3)
    assert.equal(await counted(`${tokens}"refused"}`), 1)
    assert.equal(await counted('reeve_policy_decisions_total{decision="allow"}'), allowed + 3)
    assert.equal(await counted('reeve_policy_decisions_total{decision="deny"}'), denied + 1)
    const asks = { client_id: api.id, client_secret: api.secret }
    const issued = await postForm(server, '/oauth/token', bySecret(workload))
    const token = String(issued.body.access_token)
    const introspect = async () => (await postForm(server, '/oauth/introspect', { ...asks, token })).body.active
    assert.equal(await introspect(), true)
    const own = { grant_type: 'client_credentials', ...asks, resource: server.url }
    const verifier = String((await postForm(server, '/oauth/token', own)).body.access_token)
    const report = createClient({ baseUrl: server.url, token: verifier })
    await report.broker.verifier.confirm({ seq: 0 })
    const { inventory } = admin.client(server)
    assert.equal(await counted('reeve_identities{type="service",state="active"}'), 2)
    await inventory.identity.quarantine({ identity: id, reason: 'a test' })
    assert.equal(await counted('reeve_identities{type="service",state="active"}'), 1)
    assert.equal(await counted('reeve_identities{type="service",state="quarantined"}'), 1)
    assert.equal(await counted('reeve_containments_total{trigger="human"}'), 1)
    assert.equal(await introspect(), false)
    assert.equal(await counted('reeve_token_verifications_total{result="active"}'), 1)
    assert.equal(await counted('reeve_token_verifications_total{result="inactive"}'), 1)
    const { seq } = z.object({ seq: z.number() }).parse(await (await fetch(`${server.url}/revocations`)).json())
    for (const _ of ['once', 'again']) await report.broker.verifier.confirm({ seq })
    assert.equal(await counted('reeve_revocation_propagation_seconds_count'), 1)
    const rotatesInDays =
      ((await counted('reeve_keys_expiry_timestamp_seconds{use="ES256"}')) * 1000 - Date.now()) / DAY_MS
    assert.ok(rotatesInDays > 29 && rotatesInDays <= 30, String(rotatesInDays))
    const entries = await counted('reeve_audit_events_total')
    await admin.client(server).observe.checkpoint.show()
    // Entries are numbered after their commit.
    while ((await counted('reeve_audit_events_total')) <= entries) await admin.client(server).observe.checkpoint.show()
    const kinds = await (await fetch(`${server.url}/metrics`)).text()
    assert.match(kinds, /^# TYPE reeve_audit_events_total counter$/m)
    // Polled twice a second on PostgreSQL; a machine that does other things besides may be later.
    assert.ok((await counted('reeve_revocation_replica_lag_seconds')) < 10)
  },
)

onEveryServer(
  'every decision of every edge is timed, questions of applications are counted one by one, and trials are neither',
  async ({ server, admin }) => {
    const workload = await setUpWorkload(server, admin)
    const { id, name, secret, audience, api } = workload
    const pep = createPep(server.url, await ownToken(server, api))
    const counted = async (line: string): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      const found = text.split('\n').find((each) => each.startsWith(`${line} `))
      assert.notEqual(found, undefined, line)
      return Number(found?.slice(line.length + 1))
    }
    const timed = 'reeve_policy_decision_duration_seconds'
    const [allow, deny] = ['allow', 'deny'].map((each) => `reeve_policy_decisions_total{decision="${each}"}`)
    const counts = async () => [
      await counted(`${timed}_count`),
      await counted(String(allow)),
      await counted(String(deny)),
    ]
    const rises = async (act: () => Promise<unknown>): Promise<readonly number[]> => {
      const before = await counts()
      await act()
      return (await counts()).map((count, at) => count - (before[at] ?? 0))
    }
    // A token request and an operation are decided once each.
    assert.deepEqual(await rises(() => askToken(server.url, id, secret, { resource: audience })), [1, 1, 0])
    const { inventory, policy } = admin.client(server)
    assert.deepEqual(await rises(() => inventory.identity.show({ identity: id })), [1, 1, 0])
    // Whether the application may ask is decided apart, and that is kept for a second.
    const ask = (action: string) => ({
      subject: { type: 'identity', id: name },
      action: { name: action },
      resource: { type: 'resource', id: 'orders-resource' },
    })
    const evaluations = { evaluations: [ask('orders.read'), ask('orders.burn'), ask('orders.read')] }
    const asked = await rises(async () => {
      const { body } = await pep.ask('evaluations', evaluations)
      assert.deepEqual(
        body.evaluations.map(({ decision }: { decision: boolean }) => decision),
        [true, false, true],
      )
    })
    assert.ok((asked[0] ?? 0) >= 3 && (asked[0] ?? 0) <= 5, String(asked))
    assert.deepEqual(asked.slice(1), [2, 1])
    // What would be decided is looked at many times, and is one decision: that this person may look.
    const look = () => policy.decision.can({ identity: id, resource: 'orders-resource', action: 'orders.read' })
    assert.deepEqual(await rises(look), [1, 1, 0])
    const within = await Promise.all(
      ['0.000001', '0.001', '0.1', '+Inf'].map((le) => counted(`${timed}_bucket{le="${le}"}`)),
    )
    assert.deepEqual(
      within,
      within.toSorted((one, other) => one - other),
    )
    assert.equal(within.at(-1), await counted(`${timed}_count`))
    const sum = await counted(`${timed}_sum`)
    assert.ok(sum > 0 && sum < 10, String(sum))
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), new RegExp(`^# TYPE ${timed} histogram$`, 'm'))
  },
)

onEveryServer(
  'decisions of a real server are decided again by the official engine where that is set, and it agrees',
  async ({ server, admin }) => {
    const { id, secret, audience } = await setUpWorkload(server, admin)
    assert.equal(await askToken(server.url, id, secret, { resource: audience }), 200)
    const counted = async (result: string): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return Number(text.match(new RegExp(`^reeve_policy_shadow_total\\{result="${result}"\\} (\\d+)$`, 'm'))?.[1])
    }
    // The thread starts with the first of them; every answer is asked for anew.
    while ((await counted('equal')) < 3) assert.equal(await counted('different'), 0)
    assert.equal(await counted('different'), 0)
  },
  { REEVE_POLICY_SHADOW_EVERY: '1' },
)

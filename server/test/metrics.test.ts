import assert from 'node:assert/strict'
import { onEveryServer } from './process.ts'
import { setUpWorkload } from './workload.ts'

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
    const { id, secret, audience, api } = await setUpWorkload(server, admin)
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
    const { inventory } = admin.client(server)
    await inventory.identity.quarantine({ identity: id, reason: 'a test' })
    assert.equal(await counted('reeve_containments_total{trigger="human"}'), 1)
    // Polled twice a second on PostgreSQL; a machine that does other things besides may be later.
    assert.ok((await counted('reeve_revocation_replica_lag_seconds')) < 10)
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

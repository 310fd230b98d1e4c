import assert from 'node:assert/strict'
import { type Admin, onEveryServer, type RunningServer } from '../process.ts'
import { byAssertion, bySecret, postForm, setUpWorkload, type Workload } from '../workload.ts'
import { eventsOf, exportText } from './audit.ts'

const RATE = 200
const FLOOD = 1_500
const LANES = 20

onEveryServer(
  'whoever guesses at an address, at one client or at many, keeps nobody out who can prove who they are',
  async ({ server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const { issuer } = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()
    const statuses = new Map<number, number>()
    const guess = async (at: number): Promise<void> => {
      const { status } = await guesses(server, workload, at)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    const failed: unknown[] = []
    const flooding = Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        for (let at = lane; at < FLOOD; at += LANES) await guess(at)
      }),
    )
    let isOver = false
    void flooding.then(() => {
      isOver = true
    })
    let asked = 0
    const times: number[] = []
    // Everybody comes from the same address: the guessers, the client that they guess at, and an admin.
    while (!isOver) {
      const from = performance.now()
      for (const status of await honest(server, admin, workload, issuer)) if (status !== 200) failed.push(status)
      times.push(performance.now() - from)
      asked += 4
    }
    await flooding
    assert.deepEqual(failed, [])
    assert.ok((statuses.get(429) ?? 0) > FLOOD / 2, JSON.stringify([...statuses]))
    const refused = eventsOf(await exportText(server, admin)).filter(
      ({ outcome, actor }) => outcome === 'refused' && actor.principalType === 'anonymous',
    )
    // The token endpoints and the other proofs are limited apart, and the buckets filled while this ran.
    assert.ok(refused.length <= 3 * RATE, `${refused.length} were recorded`)
    t.diagnostic(
      `${FLOOD} guesses, ${statuses.get(429)} limited, ${refused.length} recorded; ${asked} proofs meanwhile, all taken, four of them in ${Math.round(Math.max(...times))} ms at most`,
    )
  },
  { REEVE_RATE_LIMIT: String(RATE) },
)

const guesses = (server: RunningServer, workload: Workload, at: number): Promise<{ status: number }> => {
  const form = bySecret(workload)
  const wrong = `${workload.secret.slice(0, -1)}${workload.secret.endsWith('a') ? 'b' : 'a'}`
  const kinds = [
    () => postForm(server, '/oauth/token', { ...form, client_secret: wrong }),
    () => postForm(server, '/oauth/token', { ...form, client_id: `nhi_guess_${at}`, client_secret: wrong }),
    () => postForm(server, '/oauth/introspect', { client_id: workload.api.id, client_secret: wrong, token: 'x' }),
    () => fetch(`${server.url}/oauth/token`, { method: 'POST' }),
    () => fetch(`${server.url}/v1/inventory.identity.list`, { headers: { authorization: `Bearer guess-${at}` } }),
  ]
  return (kinds[at % kinds.length] ?? kinds[0])?.() ?? Promise.reject(new Error('no kind'))
}

const honest = (server: RunningServer, admin: Admin, workload: Workload, issuer: string): Promise<readonly number[]> =>
  Promise.all([
    postForm(server, '/oauth/token', bySecret(workload)).then(({ status }) => status),
    byAssertion(workload, issuer).then(async (form) => (await postForm(server, '/oauth/token', form)).status),
    postForm(server, '/oauth/introspect', {
      client_id: workload.api.id,
      client_secret: workload.api.secret,
      token: 'x',
    }).then(({ status }) => status),
    fetch(`${server.url}/v1/inventory.identity.list`, { headers: { authorization: `Bearer ${admin.token}` } }).then(
      ({ status }) => status,
    ),
  ])

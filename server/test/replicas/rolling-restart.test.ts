import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { enrolAdmin, makePlace, type Place, type ServerProcess, startServer } from '../process.ts'
import { bySecret, postForm, setUpWorkload, type Workload } from '../workload.ts'
import { ISSUER } from './replicas.ts'

// A7 of the trust bars.

const REPLICAS = 2
const PER_SECOND = 300
// Sixty of the looks below: a balancer that gets no turn for a second still learns in time who leaves.
const GRACE_SECONDS = 3
const SETTINGS = {
  REEVE_ISSUER: ISSUER,
  REEVE_DATABASE_POOL: '6',
  REEVE_GRACE_SECONDS: String(GRACE_SECONDS),
  REEVE_DRAIN_SECONDS: '10',
}
const LOOK_EVERY_MS = 50
const IN_FLIGHT_MAX = 100

test('A7: while replicas are restarted one after the other no request fails, and streams end as they should', async (t) => {
  const place = await makePlace('postgres')
  if (place === undefined) return t.skip('no PostgreSQL here')
  try {
    const first = await startServer(place, SETTINGS)
    const workload = await setUpWorkload(first, await enrolAdmin(first))
    const balancer = createBalancer([first, ...(await startMore(place, REPLICAS - 1))])
    await balancer.look()
    const load = runLoad(balancer, workload)
    const streams: Promise<string>[] = []
    for (const old of [...balancer.servers]) {
      const stream = await fetch(`${old.url}/revocations`, { headers: { accept: 'text/event-stream' } })
      streams.push(stream.text())
      old.kill('SIGTERM')
      assert.deepEqual(await old.exited, { code: 0, signal: null })
      const [next] = await startMore(place, 1)
      assert.ok(next)
      balancer.replace(old, next)
      await balancer.untilReady(next)
    }
    // Rejected when the connection was cut instead of ended.
    for (const text of await Promise.all(streams)) assert.match(text, /^event: snapshot[\s\S]*\n\n$/)
    const { answered, failed, seconds } = await load.stop()
    balancer.stop()
    t.diagnostic(
      `A7: ${REPLICAS} replicas restarted under ${Math.round(answered / seconds)} requests a second: ${answered} answered, ${failed.length} failed`,
    )
    assert.deepEqual(failed.slice(0, 10), [])
    await Promise.all(balancer.servers.map((server) => server.stop()))
  } finally {
    await place.remove()
  }
})

const startMore = (place: Place, count: number): Promise<ServerProcess[]> =>
  Promise.all(Array.from({ length: count }, () => startServer(place, SETTINGS)))

/** Sends work to those that say that they are ready, in turn, as any load balancer does; it looks now and then. */
const createBalancer = (started: readonly ServerProcess[]) => {
  let servers = [...started]
  let ready: readonly ServerProcess[] = []
  let turn = 0
  const look = async (): Promise<void> => {
    const asked = await Promise.all(
      servers.map(async (server) => {
        const isReady = await fetch(`${server.url}/readyz`).then(
          ({ status }) => status === 200,
          () => false,
        )
        return isReady ? [server] : []
      }),
    )
    ready = asked.flat()
  }
  const looking = setInterval(() => void look(), LOOK_EVERY_MS)
  return {
    get servers() {
      return servers
    },
    look,
    next: () => ready[turn++ % ready.length],
    replace: (old: ServerProcess, next: ServerProcess) => {
      servers = servers.map((server) => (server === old ? next : server))
    },
    untilReady: async (server: ServerProcess) => {
      while (!ready.includes(server)) await look()
    },
    stop: () => clearInterval(looking),
  }
}

/** Sends so many requests a second, whatever becomes of them, until it is stopped. */
const runLoad = (balancer: ReturnType<typeof createBalancer>, workload: Workload) => {
  const failed: string[] = []
  const running = new Set<Promise<void>>()
  const from = performance.now()
  let answered = 0
  let sent = 0
  let isOver = false
  const one = async (at: number): Promise<void> => {
    const server = balancer.next()
    if (server === undefined) return void failed.push('no replica is ready')
    const asked = at % 3 === 0 ? issue(server, workload) : introspect(server, workload)
    const status = await asked.then(
      (answer) => answer.status,
      (error: unknown) => `${error instanceof Error ? `${error.message}: ${String(error.cause)}` : error}`,
    )
    if (status === 200) answered += 1
    else failed.push(`${at} at ${Math.round(performance.now() - from)} ms: ${status}`)
  }
  const whole = (async () => {
    while (!isOver) {
      const due = ((performance.now() - from) * PER_SECOND) / 1000
      for (; sent < due && running.size < IN_FLIGHT_MAX; sent++) {
        const asked = one(sent).finally(() => running.delete(asked))
        running.add(asked)
      }
      await wait(5)
    }
    await Promise.all(running)
  })()
  return {
    stop: async () => {
      isOver = true
      await whole
      return { answered, failed, seconds: (performance.now() - from) / 1000 }
    },
  }
}

const issue = (server: ServerProcess, workload: Workload) => postForm(server, '/oauth/token', bySecret(workload))

const introspect = (server: ServerProcess, { api }: Workload) =>
  postForm(server, '/oauth/introspect', { client_id: api.id, client_secret: api.secret, token: 'x' })

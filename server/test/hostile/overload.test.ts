import assert from 'node:assert/strict'
import { rounds } from '../../../test/rounds.ts'
import { crowding } from '../crash/ready-time.ts'
import { onEveryServerProcess } from '../process.ts'
import { quantile } from '../quantile.ts'
import { type Asked, startLoad } from '../steady-load.ts'
import { bySecret, identityInput, setUpWorkload } from '../workload.ts'
import { eachOf } from './surface.ts'

// L6 of the trust bars.

const MEASURED = 400
const AT_ONCE = rounds({ quick: 250, full: 1_000 })
const OVER = 5
const SECONDS = rounds({ quick: 1, full: 120 })
const STOP_MS_MAX = 5_000
const BACK_MS_MAX = 5_000

interface Told {
  readonly status: number
  readonly hasRetryAfter: boolean
}

onEveryServerProcess(
  'L6: asked five times more than it can answer, the server answers or says when to come back, every stop gets through, what verifiers stand on is never shed, and it recovers',
  async ({ server, admin }, t) => {
    const workload = await setUpWorkload(server, admin)
    const { inventory } = admin.client(server)
    const stopped = await inventory.identity.create(identityInput('is-stopped', workload.team))
    const body = new URLSearchParams(bySecret(workload)).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const token = async (): Promise<Told> => {
      const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', headers, body }).catch(
        () => undefined,
      )
      await response?.arrayBuffer()
      return { status: response?.status ?? 0, hasRetryAfter: response?.headers.has('retry-after') === true }
    }
    const from = performance.now()
    const normal: number[] = []
    await eachOf(
      Array.from({ length: MEASURED }, (_, at) => at),
      16,
      async () => {
        const began = performance.now()
        assert.equal((await token()).status, 200)
        normal.push(performance.now() - began)
      },
    )
    const capacity = (MEASURED * 1000) / (performance.now() - from)
    const overFrom = performance.now()
    const load = startLoad(token, { aSecond: OVER * capacity, atOnceMax: AT_ONCE })
    const stops: number[] = []
    const open: number[] = []
    while (performance.now() - overFrom < SECONDS * 1000 || stops.length === 0) {
      const began = performance.now()
      // Throws where it is refused.
      await inventory.identity.quarantine({ identity: stopped.id, reason: 'is stopped under load' })
      stops.push(performance.now() - began)
      for (const path of ['/livez', '/healthz', '/readyz', '/revocations', '/.well-known/jwks.json']) {
        const response = await fetch(server.url + path)
        await response.arrayBuffer()
        open.push(response.status)
      }
      await inventory.identity.release({ identity: stopped.id, reason: 'goes on' })
    }
    const overSeconds = (performance.now() - overFrom) / 1000
    await load.stop()
    const ended = performance.now()
    let back = Number.POSITIVE_INFINITY
    while (back > BACK_MS_MAX && performance.now() - ended < 2 * BACK_MS_MAX) {
      const began = performance.now()
      const { status } = await token()
      if (status === 200 && performance.now() - began < 2 * quantile(normal, 0.99)) back = performance.now() - ended
    }
    const wrong = load.asked.filter(
      ({ answer: { status, hasRetryAfter } }) => status !== 200 && !([429, 503].includes(status) && hasRetryAfter),
    )
    const admitted = load.asked.filter(({ answer }) => answer.status === 200)
    const p99 = (asked: readonly Asked<Told>[]) =>
      quantile(
        asked.map(({ tookMs }) => tookMs),
        0.99,
      )
    t.diagnostic(
      `L6: ${Math.round(capacity)} a second alone; ${OVER} times that for ${overSeconds.toFixed(1)} s: ${load.asked.length} asked, ` +
        `${admitted.length} answered, p99 ${p99(admitted).toFixed(0)} ms (alone ${quantile(normal, 0.99).toFixed(0)} ms); ` +
        `${stops.length} stops within ${Math.round(Math.max(...stops))} ms; back after ${Math.round(back)} ms`,
    )
    assert.deepEqual(wrong.slice(0, 5), [])
    assert.ok(admitted.length > 0, 'it goes on answering')
    assert.deepEqual([...new Set(open)], [200])
    const factor = crowding()
    assert.ok(Math.max(...stops) / factor < STOP_MS_MAX, `a stop took ${Math.max(...stops)} ms`)
    assert.ok(back / factor < BACK_MS_MAX, `back after ${back} ms`)
  },
)

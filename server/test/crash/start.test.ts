import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { enrolAdmin, makePlace, type Place, startServer } from '../process.ts'
import { quantile } from '../quantile.ts'
import { setUpWorkload } from '../workload.ts'
import { bareStart, settledMb, startOf } from './start-time.ts'

const STARTS = rounds({ quick: 3, full: 5 })
const IDLE_MB_MAX = 120
// 20 are a second where a bare Node takes 50 ms. By the clock on the wall `npm run bench -- start` measures: what others
// take of a shared machine shows in no figure of ours, so that no test can judge it.
const BARE_STARTS_MAX = 30

const NAME = 'L9: a start with data takes little more than Node’s own, and an idle server is small'

for (const engine of ['sqlite', 'postgres'] as const)
  test(`${NAME} [${engine}]`, async (t) => {
    const place = await makePlace(engine, 'not made')
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await measure(place, t)
    } finally {
      await place.remove()
    }
  })

const measure = async (place: Place, t: TestContext): Promise<void> => {
  const first = await startServer(place)
  await setUpWorkload(first, await enrolAdmin(first))
  await first.stop()
  const cpuMs: number[] = []
  // Beside each: how much a core does in a second changes with what its neighbours do.
  const bareCpuMs: number[] = []
  const idleMb: number[] = []
  for (let at = 0; at < STARTS; at++) {
    bareCpuMs.push(bareStart().cpuMs)
    const start = await startOf(() => startServer(place))
    cpuMs.push(start.cpuMs)
    idleMb.push(await settledMb(start.server))
    await start.server.stop()
  }
  const [start, bare, idle] = [cpuMs, bareCpuMs, idleMb].map((each) => quantile(each, 0.5))
  t.diagnostic(
    `a start takes ${start} ms of processor time, a bare Node ${bare?.toFixed(0)}; ${idle?.toFixed(0)} MB when idle`,
  )
  assert.ok(Number(start) / Number(bare) < BARE_STARTS_MAX, `a start took ${start} ms, a bare Node ${bare}`)
  assert.ok(Number(idle) < IDLE_MB_MAX, `${idleMb} MB`)
}

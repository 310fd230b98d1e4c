import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { rounds } from '../../../test/rounds.ts'
import { makeClientSecret } from '../../src/broker/client-secret.ts'
import { systemRandom } from '../../src/kit/random.ts'
import { addSecret, ORDERS, onEveryBroker, setUpOrders, type TestBroker } from '../broker.ts'
import { eachOf } from '../hostile/surface.ts'

// T8 of the trust bars.

// What was found by all of them: docs/trust-bars.md.
const EACH = rounds({ quick: 800, full: 5_000, every: 50_000 })
const AT_ONCE = 20
const KINDS = ['known', 'unknown'] as const
const T_MAX = 4.5
// Of a difference by chance another try finds none, or the other way round.
const TRIES = 3
const random = systemRandom()

onEveryBroker(
  'T8: how long a wrong secret takes does not tell whether there is a client of that id',
  async (test, t) => {
    setUpOrders(test)
    await addSecret(test)
    const found: number[] = []
    for (let tried = 0; tried < TRIES; tried++) {
      const times = await timesOf(test, { known: 'nhi_sync', unknown: 'nhi_none' })
      found.push(welch(times.known, times.unknown))
      if (Math.abs(found.at(-1) ?? 0) < T_MAX) break
    }
    t.diagnostic(`T8: Welch t over ${EACH} wrong secrets each: ${found.map((each) => each.toFixed(2)).join(', ')}`)
    const isTold = found.every((each) => each >= T_MAX) || found.every((each) => each <= -T_MAX)
    assert.ok(!isTold, `t = ${found}`)
  },
)

/** Asks for both in an order of chance, so that whatever else takes time falls on both alike. */
const timesOf = async (test: TestBroker, ids: Readonly<Record<'known' | 'unknown', string>>) => {
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
  const order = Array.from({ length: 2 * EACH }, (_, at) => KINDS[at % 2] ?? 'known')
  for (let at = order.length - 1; at > 0; at--) {
    const other = randomInt(at + 1)
    const [one, two] = [order[at], order[other]]
    if (one !== undefined && two !== undefined) Object.assign(order, { [at]: two, [other]: one })
  }
  await eachOf(order, AT_ONCE, async (which) => {
    const request = requestOf(ids[which])
    const from = performance.now()
    const answer = await test.broker.issueToken(request)
    times[which].push(performance.now() - from)
    assert.ok('code' in answer && answer.code === 'client_not_proven')
  })
  return times
}

const requestOf = (id: string) => ({
  form: new Map(
    Object.entries({
      ...{ grant_type: 'client_credentials', client_id: id, resource: ORDERS },
      client_secret: makeClientSecret('test', random),
    }),
  ),
  ...{ authorization: undefined, requestId: 'req_t8', traceparent: null, failed: () => 0 },
  source: { ip: '127.0.0.1', region: null, userAgent: null },
})

/** Welch's t of two samples, each without its slowest twentieth, which others of the machine made. */
const welch = (one: readonly number[], other: readonly number[]): number => {
  const [a, b] = [one, other].map((all) => {
    const kept = [...all].sort((x, y) => x - y).slice(0, Math.floor(all.length * 0.95))
    const mean = kept.reduce((sum, each) => sum + each, 0) / kept.length
    const variance = kept.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (kept.length - 1)
    return { mean, error: variance / kept.length }
  })
  return a === undefined || b === undefined ? Number.NaN : (a.mean - b.mean) / Math.sqrt(a.error + b.error)
}

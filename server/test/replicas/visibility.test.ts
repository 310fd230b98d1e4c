import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { revocationTarget } from '@reeve/sdk'
import { rounds } from '../../../test/rounds.ts'
import { crowding } from '../crash/ready-time.ts'
import { quantile } from '../quantile.ts'
import { type Follower, followStops } from './follow-stops.ts'
import { type Replicas, startReplicas } from './replicas.ts'

const STOPS = rounds({ quick: 80, full: 1_000 })
const AT_ONCE = 4
const P50_MS = 10
const P99_MS = 100
const MAX_MS = 1_000
const NEVER_MS = 120_000

test(`V1: what one of three replicas stops is stopped on the others within moments, ${STOPS} times`, async (t) => {
  const replicas = await startReplicas('postgres', 3)
  if (replicas === undefined) return t.skip('no PostgreSQL here, and replicas need one')
  const followers = await Promise.all(replicas.servers.slice(1).map(({ url }) => followStops(url)))
  try {
    const stopped = await stopMany(replicas)
    await untilSeen(stopped, followers)
    report(stopped, followers, t)
    await assertSamePages(replicas)
  } finally {
    for (const follower of followers) follower.stop()
    await replicas.stop()
  }
})

/** A token that was stopped: when that was asked for, and when it was acknowledged. */
interface Stopped {
  readonly target: string
  readonly askedAt: number
  readonly acknowledgedAt: number
}

const stopMany = async ({ servers, admin }: Replicas): Promise<readonly Stopped[]> => {
  const [first] = servers
  assert.ok(first)
  const { quarantine } = admin.client(first).broker.token
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const stopped: Stopped[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < STOPS) {
      const jti = `token-${++next}`
      const askedAt = performance.now()
      await quarantine({ jti, expiresAt, reason: 'a test' })
      stopped.push({ target: revocationTarget('token', jti), askedAt, acknowledgedAt: performance.now() })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return stopped
}

const untilSeen = async (stopped: readonly Stopped[], followers: readonly Follower[]): Promise<void> => {
  // How late they were is judged afterwards: this is for one that never comes.
  const until = performance.now() + NEVER_MS
  const isSeen = () =>
    followers.every((follower) => stopped.every(({ target }) => follower.seenAt(target) !== undefined))
  while (!isSeen()) {
    assert.ok(performance.now() < until, 'a stop was never seen on another replica')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const report = (stopped: readonly Stopped[], followers: readonly Follower[], t: TestContext): void => {
  const everywhere = stopped.map((stop) => {
    const at = Math.max(...followers.map((follower) => follower.seenAt(stop.target) ?? Number.NaN))
    return { sinceAsked: at - stop.askedAt, sinceAcknowledged: Math.max(0, at - stop.acknowledgedAt) }
  })
  const told = (numbers: readonly number[]) =>
    [0.5, 0.99, 1].map((part) => quantile(numbers, part).toFixed(2)).join(' / ')
  const late = everywhere.map(({ sinceAcknowledged }) => sinceAcknowledged)
  t.diagnostic(
    `${stopped.length} stops, seen on both other replicas, p50 / p99 / max: ${told(late)} ms after the acknowledgement`,
  )
  t.diagnostic(
    `and ${told(everywhere.map(({ sinceAsked }) => sinceAsked))} ms after they were asked for, the write included`,
  )
  const factor = crowding()
  if (factor > 1) t.diagnostic(`the machine was crowded ${factor.toFixed(1)} times over`)
  assert.ok(quantile(late, 0.5) / factor < P50_MS, 'p50')
  assert.ok(quantile(late, 0.99) / factor < P99_MS, 'p99')
  assert.ok(quantile(late, 1) / factor < MAX_MS, 'max')
}

/** Whoever asks now and then is told the same by every replica. */
const assertSamePages = async ({ servers }: Replicas): Promise<void> => {
  const pages = await Promise.all(servers.map(async ({ url }) => (await fetch(`${url}/revocations`)).json()))
  for (const page of pages) {
    assert.equal(page.seq, STOPS)
    assert.equal(page.entries.length, STOPS)
  }
}

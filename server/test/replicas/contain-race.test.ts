import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import type { Engine } from '../../src/kit/database.ts'
import type { Place } from '../process.ts'
import { withSql } from '../sql.ts'
import { setUpWorkload } from '../workload.ts'
import { type Attack, attacksOn, containments, steal, verifierOf } from './attacks.ts'
import { type Replicas, startReplicas } from './replicas.ts'

// Over both engines, and all rounds, more than 10,000 attempts after an acknowledgement; each lane waits for its answer before the next.
const ATTEMPTS = { sqlite: rounds({ quick: 400, full: 2_500 }), postgres: rounds({ quick: 800, full: 10_000 }) }
const LANES_EACH = 2
const WARM_ATTEMPTS = 150
const PAUSE_MS = 4

for (const [engine, count] of [
  ['sqlite', 1],
  ['postgres', 2],
] as const)
  test(`V3: after a containment is acknowledged nothing that the attacker tries works, on no replica [${engine}]`, async (t) => {
    const replicas = await startReplicas(engine, count)
    if (replicas === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await attackAndContain(engine, replicas, t)
    } finally {
      await replicas.stop()
    }
  })

const attackAndContain = async (engine: Engine, { place, servers, admin }: Replicas, t: TestContext): Promise<void> => {
  const [first] = servers
  const last = servers.at(-1)
  assert.ok(first && last)
  const workload = await setUpWorkload(first, admin)
  await admin
    .client(first)
    .policy.resource.change({ resource: workload.audience, servedBy: [workload.api.id, workload.id] })
  const verifiers = servers.map((server) => verifierOf(server, workload))
  await Promise.all(verifiers.map((verifier) => verifier.ready()))
  const stops = [
    ['the credentials, on another replica', containments(last, admin, workload).credentials],
    ['the identity, on the same replica', containments(first, admin, workload).identity],
    ['its owner, on another replica', containments(last, admin, workload).owner],
  ] as const
  let total = 0
  const worked = new Set<string>()
  try {
    for (const [what, { stop, release }] of stops) {
      const loot = await steal(first, workload)
      const attacks = servers.flatMap((server, at) => {
        const verifier = verifiers[at]
        return verifier === undefined ? [] : attacksOn(server, workload, loot, verifier)
      })
      const counted = await race(attacks, () => deafen(place).then(stop), Math.ceil(ATTEMPTS[engine] / stops.length))
      for (const name of counted.worked) worked.add(name)
      total += counted.after
      t.diagnostic(
        `${what}: ${counted.before} attempts worked before the acknowledgement, ${counted.won.length} of ${counted.after} after it; ` +
          `the last verifier knew ${counted.verifierMs.toFixed(0)} ms later`,
      )
      assert.deepEqual(counted.won, [], what)
      await release()
      await untilWorks(attacks)
    }
    t.diagnostic(`ways that worked until then: ${[...worked].sort().join(', ')}`)
    assert.ok(worked.size >= 8, 'at least eight ways in were tried that were open before')
    assert.ok(total >= ATTEMPTS[engine])
  } finally {
    await Promise.all(verifiers.map((verifier) => verifier.close()))
  }
}

/**
 * Cuts the connections on which the replicas hear of each other. INVARIANT: a quarantine wins although nobody was told
 * of it, because what is answered was decided on what the database says at its commit.
 */
const deafen = async (place: Place): Promise<void> => {
  if (place.engine === 'sqlite') return
  await withSql(place, (sql) =>
    sql.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen %'`,
    ),
  )
}

interface Counted {
  readonly before: number
  readonly after: number
  /** What worked although it began after the acknowledgement. */
  readonly won: readonly string[]
  readonly worked: ReadonlySet<string>
  /** How long after the acknowledgement the last verifier outside had applied it. */
  readonly verifierMs: number
}

/** Attacks without pause before, while and after the containment. */
const race = async (
  attacks: readonly Attack[],
  stop: () => Promise<number | null>,
  attempts: number,
): Promise<Counted> => {
  const worked = new Set<string>()
  const won: string[] = []
  let before = 0
  let after = 0
  let acknowledged: { readonly seq: number; readonly at: number } | undefined
  let verifierMs = 0

  // A verifier elsewhere counts from when it has applied the change: the acknowledgement says which ones have not.
  const isStopped = ({ seq }: Attack): boolean => {
    if (acknowledged === undefined) return false
    if (seq === undefined) return true
    if ((seq() ?? 0) >= acknowledged.seq) return true
    verifierMs = performance.now() - acknowledged.at
    return false
  }
  const lane = async (attack: Attack): Promise<void> => {
    while (after < attempts) {
      const isAfter = isStopped(attack)
      const hasWorked = await attack.attempt()
      if (isAfter) {
        after++
        if (hasWorked) won.push(attack.name)
      } else if (hasWorked) {
        before++
        worked.add(attack.name)
      }
      // About 200 a second each; what answers without the network would else leave no turn to the others.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
  const lanes = attacks.flatMap((attack) => Array.from({ length: LANES_EACH }, () => lane(attack)))
  while (before < WARM_ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, 5))
  const seq = await stop()
  acknowledged = { seq: seq ?? 0, at: performance.now() }
  await Promise.all(lanes)
  return { before, after, won, worked, verifierMs }
}

/** A release opens again what was open, or the next round would show nothing. */
const untilWorks = async (attacks: readonly Attack[]): Promise<void> => {
  const [first] = attacks
  assert.ok(first)
  while (!(await first.attempt())) await new Promise((resolve) => setTimeout(resolve, 5))
}

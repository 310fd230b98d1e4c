import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../src/kit/database.ts'
import { type Admin, enrolAdmin, makePlace, type Place, type ServerProcess, startServer } from '../process.ts'
import { quantile } from '../quantile.ts'
import { withSql } from '../sql.ts'
import { setUpWorkload, type Workload } from '../workload.ts'
import { verifyLog } from './log-check.ts'
import { assertReadyWithin } from './ready-time.ts'
import { type Acknowledged, createNamed, nothing, write } from './writers.ts'

const WRITING_MS_MAX = 300
const ACKNOWLEDGED_MAX = 12
const VERIFY_EVERY = 10
const READY_SECONDS_MAX = 3
const environment = { REEVE_ISSUER: 'https://reeve.example.com', REEVE_LOG_LEVEL: 'info', REEVE_DATABASE_POOL: '6' }

/** Registers D1 on this engine: a file each, so that the two run beside each other. REEVE_TEST_CRASH_ROUNDS=1000 for a night. */
export const testKills = (engine: Engine, usual: number): void => {
  const rounds = Number(process.env.REEVE_TEST_CRASH_ROUNDS ?? usual)
  test(`D1: what was acknowledged survives SIGKILL at any moment, and nothing is half done [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      await killAgainAndAgain(place, rounds, t)
    } finally {
      await place.remove()
    }
  })
}

const killAgainAndAgain = async (place: Place, rounds: number, t: TestContext): Promise<void> => {
  let server = await startServer(place, environment)
  const admin = await enrolAdmin(server)
  const workload = await setUpWorkload(server, admin)
  const acknowledged = nothing()
  const startMs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    await writeUntilKilled(server, round, (onAcknowledged) =>
      write(server, admin, workload, acknowledged, onAcknowledged),
    )
    const asked = performance.now()
    server = await startServer(place, environment)
    startMs.push(performance.now() - asked)
    await repeatUnanswered(server, admin, workload, acknowledged)
    if (round % VERIFY_EVERY === 0) await assertVerifies(place, server, admin)
  }
  const counted = await assertAllThere(place, workload, acknowledged)
  await assertVerifies(place, server, admin)
  await server.stop()
  t.diagnostic(
    `${rounds} kills under 4 writers: ${counted} acknowledged effects, 0 lost, 0 half done; ` +
      `ready again after a median of ${quantile(startMs, 0.5).toFixed(0)} ms, p95 ${quantile(startMs, 0.95).toFixed(0)} ms`,
  )
  assertReadyWithin(startMs, READY_SECONDS_MAX, t)
}

/** Kills at a random time, and every other round at the worst one: as soon as something was acknowledged. */
const writeUntilKilled = async (
  server: ServerProcess,
  round: number,
  writing: (onAcknowledged: () => void) => Promise<void>,
): Promise<void> => {
  let left = round % 2 === 0 ? 1 + Math.floor(Math.random() * ACKNOWLEDGED_MAX) : Number.POSITIVE_INFINITY
  const written = writing(() => {
    if (--left === 0) server.kill('SIGKILL')
  })
  if (left === Number.POSITIVE_INFINITY) {
    await pause(Math.random() * WRITING_MS_MAX)
    server.kill('SIGKILL')
  }
  await server.exited
  await written
}

/** Nobody knows what became of these; repeated with the same key each is there once. */
const repeatUnanswered = async (
  server: ServerProcess,
  admin: Admin,
  workload: Workload,
  acknowledged: Acknowledged,
): Promise<void> => {
  for (const asked of acknowledged.unanswered.splice(0))
    acknowledged.created.push(await createNamed(server, admin, workload, asked))
}

const assertVerifies = async (place: Place, server: ServerProcess, admin: Admin): Promise<void> => {
  const { ok, problem, entries } = await verifyLog(place, server, admin)
  assert.ok(ok, `the log does not verify after ${entries} entries: ${problem}`)
}

const RECORDED = `select body from (
    select kind, outcome, seq, body from ledger_entry
    union all select kind, outcome, null, body from ledger_waiting
  ) entry where kind = ? and outcome = 'done' order by seq is null, seq`

/** Every acknowledged effect is there with its event, and no state is without its event nor event without its state. */
const assertAllThere = async (place: Place, { api }: Workload, acknowledged: Acknowledged): Promise<number> =>
  withSql(place, async (sql) => {
    const recorded = async (kind: string) =>
      (await sql.rows(RECORDED, kind)).map(({ body }) => JSON.parse(String(body)))
    const ids = (await sql.rows('select id from inventory_identity')).map(({ id }) => String(id))
    const events = (await recorded('inventory.identity.create')).filter(({ evidence }) => evidence.replay !== true)
    assert.deepEqual(events.map(({ on }) => on.id).sort(), ids.toSorted(), 'each identity has exactly one creation')
    const present = new Set(ids)
    assert.deepEqual(
      acknowledged.created.filter((id) => !present.has(id)),
      [],
      'every acknowledged identity is there',
    )
    assert.equal(new Set(acknowledged.created).size, acknowledged.created.length, 'a repeat makes no second one')

    const digests = new Set((await recorded('broker.token.issue')).map(({ token }) => token))
    const lost = acknowledged.tokens.filter((jti) => !digests.has(createHash('sha256').update(jti).digest('base64url')))
    assert.deepEqual(lost, [], 'every token that was given out is on record')

    const [row] = await sql.rows('select purpose from inventory_identity where id = ?', api.id)
    const current = Number(/\d+$/.exec(String(row?.purpose))?.[0])
    assert.ok(current >= acknowledged.changedTo, `${current} is older than the acknowledged ${acknowledged.changedTo}`)
    const changes = (await recorded('inventory.identity.change')).map(({ change }) =>
      Number(/\d+$/.exec(change[0].after)?.[0]),
    )
    assert.equal(changes.at(-1), current, 'the last recorded change is what is there')
    assert.equal(new Set(changes).size, changes.length, 'no change is recorded twice')
    return acknowledged.created.length + acknowledged.tokens.length + changes.length
  })

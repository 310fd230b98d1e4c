import assert from 'node:assert/strict'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { Handle } from './database.ts'
import { type Job, runJob } from './job.ts'
import { createLog } from './log.ts'
import type { KitTables } from './schema.ts'

const SECOND_MS = 1000
const log = createLog('silent')

const on = ({ database, clock }: Room, holder: string) => ({ database, clock, log, holder })

/** A job that runs until it is told to end, and says when it began. */
const longJob = () => {
  const [began, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let runs = 0
  const job: Job = {
    name: 'test: long',
    schedule: '0 0 0 1 1 *',
    run: () => {
      runs += 1
      began.resolve()
      return ended.promise
    },
  }
  return { job, began: began.promise, end: ended.resolve, runs: () => runs }
}

const leaseOf = (room: Room) => {
  const db: Handle<KitTables> = room.database.reader
  return db.selectFrom('kit_lease').selectAll().executeTakeFirstOrThrow()
}

/** Lets what the timer began be done: the lease's row is another than before. */
const renewed = async (room: Room, before: number): Promise<void> => {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    if ((await leaseOf(room)).until !== before) return
    await new Promise(setImmediate)
  }
  assert.fail('the lease was not renewed')
}
const TURNS_MAX = 2000

onEveryEngine('a job that runs for long is run by no other replica meanwhile', async (room, t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { job, began, end, runs } = longJob()
  const ours = runJob(job, on(room, 'rep_ours'))
  await began
  for (let turn = 0; turn < 9; turn += 1) {
    const { until } = await leaseOf(room)
    room.clock.advance(20 * SECOND_MS)
    t.mock.timers.tick(20 * SECOND_MS)
    await renewed(room, until)
    await runJob(job, on(room, 'rep_other'))
    assert.equal(runs(), 1, `after ${(turn + 1) * 20} s`)
  }
  end()
  await ours
  const { until } = await leaseOf(room)
  t.mock.timers.tick(60 * SECOND_MS)
  room.clock.advance(61 * SECOND_MS)
  await runJob(job, on(room, 'rep_other'))
  assert.equal(runs(), 2, 'once it has ended nothing is renewed, and others may run it')
  assert.ok((await leaseOf(room)).until > until)
})

onEveryEngine('a job whose replica is gone is taken up by another, and not taken back', async (room, t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { job, began, end, runs } = longJob()
  const told: string[] = []
  const telling = createLog('warn', { write: (line) => void told.push(JSON.parse(line).msg) })
  const ours = runJob(job, { ...on(room, 'rep_ours'), log: telling })
  await began
  room.clock.advance(61 * SECOND_MS)
  const theirs = runJob(job, on(room, 'rep_other'))
  while (runs() < 2) await new Promise(setImmediate)
  t.mock.timers.tick(20 * SECOND_MS)
  end()
  await Promise.all([ours, theirs])
  assert.equal((await leaseOf(room)).holder, 'rep_other')
  assert.deepEqual(told, ['another replica has taken up a job that still runs here'])
})

onEveryEngine('a job that fails gives its timer back, and runs again at its next turn', async (room, t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let runs = 0
  const job: Job = {
    name: 'test: fails',
    schedule: '0 0 0 1 1 *',
    run: async () => {
      runs += 1
      throw new Error('it fails')
    },
  }
  await runJob(job, on(room, 'rep_ours'))
  const { until } = await leaseOf(room)
  room.clock.advance(SECOND_MS)
  t.mock.timers.tick(60 * SECOND_MS)
  await new Promise(setImmediate)
  await room.database.write(async () => undefined)
  assert.equal((await leaseOf(room)).until, until)
  await runJob(job, on(room, 'rep_ours'))
  assert.equal(runs, 2)
})

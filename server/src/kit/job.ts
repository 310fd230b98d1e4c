import { Cron } from 'croner'
import type { Transaction } from 'kysely'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import type { Log } from './log.ts'
import type { KitTables } from './schema.ts'

/** Work that the clock starts: idempotent, run by one replica at a time. `schedule` is a cron pattern, with seconds. */
export interface Job {
  readonly name: string
  readonly schedule: string
  run(now: Date): Promise<void>
}

const LEASE_MS = 60_000

/** Starts the jobs; the returned function stops them and waits for those that run. */
export const startJobs = (
  jobs: readonly Job[],
  given: { database: Database; clock: Clock; log: Log; holder: string },
): (() => Promise<void>) => {
  const running = new Set<Promise<void>>()
  const crons = jobs.map(
    (job) =>
      new Cron(job.schedule, { protect: true, unref: true }, () => {
        const run = runJob(job, given).finally(() => running.delete(run))
        running.add(run)
        return run
      }),
  )
  return async () => {
    for (const cron of crons) cron.stop()
    await Promise.all(running)
  }
}

/** Runs one job now if this replica gets its lease; a failure is logged and tried again at the next turn. */
const runJob = async (
  job: Job,
  given: { database: Database; clock: Clock; log: Log; holder: string },
): Promise<void> => {
  const { database, clock, log, holder } = given
  try {
    const now = clock.now()
    const isOurs = await database.write((tx: Transaction<KitTables>) => takeLease(tx, job.name, holder, now))
    if (isOurs) await job.run(now)
  } catch (error) {
    log.error({ job: job.name, err: error }, 'a job failed and will be tried again')
  }
}

const takeLease = async (tx: Transaction<KitTables>, name: string, holder: string, now: Date): Promise<boolean> => {
  const until = now.getTime() + LEASE_MS
  const row = await tx
    .insertInto('kit_lease')
    .values({ name, holder, until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until })
        .where((eb) => eb.or([eb('kit_lease.holder', '=', holder), eb('kit_lease.until', '<', now.getTime())])),
    )
    .returning('holder')
    .executeTakeFirst()
  return row?.holder === holder
}

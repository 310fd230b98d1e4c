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
// Two renewals may fail before anybody else can take the job up.
const RENEW_MS = LEASE_MS / 3

type Given = { readonly database: Database; readonly clock: Clock; readonly log: Log; readonly holder: string }

/** Starts the jobs; the returned function stops them and waits for those that run. */
export const startJobs = (jobs: readonly Job[], given: Given): (() => Promise<void>) => {
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

/** Runs one job now if this replica gets its lease, and keeps that to its end; a failure is logged and tried again at the next turn. */
export const runJob = async (job: Job, given: Given): Promise<void> => {
  const { database, clock, log, holder } = given
  try {
    const now = clock.now()
    const isOurs = await database.write((tx: Transaction<KitTables>) => takeLease(tx, job.name, holder, now))
    if (!isOurs) return
    const stop = renewing(job, given)
    try {
      await job.run(now)
    } finally {
      await stop()
    }
  } catch (error) {
    log.error({ job: job.name, err: error }, 'a job failed and will be tried again')
  }
}

// A job may take minutes: another replica must not begin it again beside. What was lost to another stays lost.
const renewing = (job: Job, { database, clock, log, holder }: Given): (() => Promise<void>) => {
  let last = Promise.resolve()
  const renew = async (): Promise<void> => {
    try {
      const until = clock.now().getTime() + LEASE_MS
      const isKept = await database.write((tx: Transaction<KitTables>) => keepLease(tx, job.name, holder, until))
      if (!isKept) log.warn({ job: job.name }, 'another replica has taken up a job that still runs here')
    } catch (error) {
      log.warn({ job: job.name, err: error }, 'the lease of a job that runs could not be renewed; it is tried again')
    }
  }
  const timer = setInterval(() => {
    last = last.then(renew)
  }, RENEW_MS).unref()
  return () => {
    clearInterval(timer)
    return last
  }
}

const keepLease = async (tx: Transaction<KitTables>, name: string, holder: string, until: number): Promise<boolean> => {
  const ours = tx.updateTable('kit_lease').set({ until }).where('name', '=', name).where('holder', '=', holder)
  return (await ours.returning('name').executeTakeFirst()) !== undefined
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

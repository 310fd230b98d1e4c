import { sweepChanges } from './changes.ts'
import type { AnyTx, Database } from './database.ts'
import { sweepIdempotency } from './idempotency.ts'
import type { Job } from './job.ts'

/** Forgets what the kit kept for a time: applied changes, answers that nobody may repeat any more. */
export const sweepKit = (database: Database): Job => ({
  name: 'kit: sweep',
  schedule: '50 * * * * *',
  run: (now) =>
    database.write(async (tx: AnyTx) => {
      await sweepChanges(tx, now)
      await sweepIdempotency(tx, now)
    }),
})

import type { Transaction } from 'kysely'
import { sweepChanges } from './changes.ts'
import type { AnyTx, Database } from './database.ts'
import { sweepIdempotency } from './idempotency.ts'
import type { Job } from './job.ts'
import type { KitTables } from './schema.ts'

/** Forgets what the kit kept for a time: applied changes, old answers, single-use keys that are over. */
export const sweepKit = (database: Database): Job => ({
  name: 'kit: sweep',
  schedule: '50 * * * * *',
  run: (now) =>
    database.write(async (tx: AnyTx) => {
      await sweepChanges(tx, now)
      await sweepIdempotency(tx, now)
      await sweepOnce(tx, now)
    }),
})

// What was used once is remembered for longer than its proof is good, whatever the clocks of its maker say.
const GRACE_MS = 10 * 60 * 1000

const sweepOnce = async (tx: Transaction<KitTables>, now: Date): Promise<void> => {
  await tx
    .deleteFrom('kit_once')
    .where('until', '<', now.getTime() - GRACE_MS)
    .execute()
}

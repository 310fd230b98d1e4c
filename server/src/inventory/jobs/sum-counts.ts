import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { sumCounts } from '../store-count.ts'

/** Keeps the table of counts as small as there are kinds and states. */
export const sumCountsJob = (database: Database): Job => ({
  name: 'inventory: sum counts',
  schedule: '11 * * * * *',
  run: () => database.write((tx: AnyTx) => sumCounts(tx)),
})

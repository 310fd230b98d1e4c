import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { recount } from '../store-count.ts'

/** Puts the counts of identities right where something changed without being counted. */
export const recountJob = (database: Database): Job => ({
  name: 'inventory: recount',
  schedule: '41 27 3 * * *',
  run: () => database.write((tx: AnyTx) => recount(tx)),
})

import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { thinCheckpoints as thin } from '../../ledger/checkpoints.ts'

/** Keeps one signed checkpoint an hour of what is older than an hour. */
export const thinCheckpoints = (database: Database): Job => ({
  name: 'observe: thin checkpoints',
  schedule: '0 7 * * * *',
  run: (now) => database.write((tx: AnyTx) => thin(tx, now)),
})

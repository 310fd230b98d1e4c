import type { Handle } from '../kit/database.ts'
import { type KeptCheckpoint, latestCheckpoint } from '../ledger/checkpoints.ts'
import type { LedgerTables } from '../ledger/schema.ts'
import { fault } from './faults.ts'
import type { ObservePorts } from './room.ts'

/** A signed checkpoint over everything that was committed before. Throws log_unsigned. */
export const freshCheckpoint = async (ports: ObservePorts, db: Handle<LedgerTables>): Promise<KeptCheckpoint> => {
  await ports.log.flush()
  const latest = await latestCheckpoint(db)
  if (latest === undefined) throw fault('log_unsigned')
  return latest
}

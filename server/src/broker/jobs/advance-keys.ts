import type { Handle } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Operation } from '../../kit/operation.ts'
import { dueSteps, type KeyRules } from '../domain/key-schedule.ts'
import { lackedKeys } from '../lacked-keys.ts'
import type { BrokerTables } from '../schema.ts'
import { livingKeys } from '../store-key.ts'

/** Moves signing keys on when they are due, through the operation that records it; when nothing is due, does nothing. */
export const advanceKeysJob = (given: {
  readonly db: Handle<BrokerTables>
  readonly rules: KeyRules
  readonly advance: Operation
  /** Calls an operation as this server's own automation. */
  call(operation: Operation, input: unknown): Promise<unknown>
}): Job => ({
  name: 'broker.key.advance',
  schedule: '41 * * * * *',
  run: async (now) => {
    const all = await livingKeys(given.db)
    const lacked = await lackedKeys(given.db, all, now)
    const byAlgorithm = Map.groupBy(all, (key) => key.algorithm)
    const due = [...byAlgorithm]
      .filter(([, keys]) => dueSteps(keys, now.getTime(), given.rules, lacked).length > 0)
      .map(([algorithm]) => algorithm)
    if (due.length > 0) await given.call(given.advance, { algorithms: due })
  },
})

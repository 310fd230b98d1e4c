import type { Handle } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Operation } from '../../kit/operation.ts'
import { dueSteps, type KeyRules } from '../domain/key-schedule.ts'
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
    const byAlgorithm = Map.groupBy(await livingKeys(given.db), (key) => key.algorithm)
    const due = [...byAlgorithm]
      .filter(([, keys]) => dueSteps(keys, now.getTime(), given.rules).length > 0)
      .map(([algorithm]) => algorithm)
    if (due.length > 0) await given.call(given.advance, { algorithms: due })
  },
})

import type { Handle } from '../kit/database.ts'
import type { ScheduledKey } from './domain/key-schedule.ts'
import type { BrokerTables } from './schema.ts'
import { verifiersLacking } from './store-verifier.ts'

/** Which of the keys that are shown and do not sign yet some verifier has not confirmed. */
export const lackedKeys = async (
  db: Handle<BrokerTables>,
  keys: readonly ScheduledKey[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  const lacked = new Set<string>()
  for (const { id } of keys.filter(({ state }) => state === 'published'))
    if ((await verifiersLacking(db, id, now, 1)).length > 0) lacked.add(id)
  return lacked
}

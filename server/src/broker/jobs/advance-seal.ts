import type { AnyDb } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Operation } from '../../kit/operation.ts'
import { hasOlderSeals } from '../../kit/reseal.ts'
import type { Sealer } from '../../kit/seal.ts'
import { retirableKeys } from '../domain/seal-schedule.ts'

/** What one turn does at most, so that a large database is sealed anew over several. */
const BATCHES = 25

/** Seals anew what older data keys sealed, through the operation that records it; while one key is all there is, nothing, until that
 * one was used so often that the next must follow. */
export const advanceSealJob = (given: {
  readonly db: AnyDb
  readonly sealer: Sealer
  readonly advance: Operation
  call(operation: Operation, input: unknown): Promise<unknown>
}): Job => ({
  name: 'broker.seal.advance',
  schedule: '23 * * * * *',
  run: async (now) => {
    if (given.sealer.isWorn()) await given.call(given.advance, {})
    for (let batch = 0; batch < BATCHES && (await isDue(given, now)); batch++) await given.call(given.advance, {})
  },
})

const isDue = async ({ db, sealer }: { readonly db: AnyDb; readonly sealer: Sealer }, now: Date): Promise<boolean> => {
  const keys = sealer.keys().map(({ id, usableFromMs }) => ({ id, usable_from: usableFromMs }))
  if (keys.length < 2) return false
  return retirableKeys(keys, sealer.sealsWith(), now.getTime()).length > 0 || hasOlderSeals(db, sealer)
}

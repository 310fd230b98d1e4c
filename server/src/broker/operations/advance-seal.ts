import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { resealSome } from '../../kit/reseal.ts'
import { holdDataKeys, retireDataKey } from '../../kit/store-data-key.ts'
import { retirableKeys } from '../domain/seal-schedule.ts'
import { operation } from '../room.ts'

/** So many texts are sealed anew in one transaction. */
const BATCH = 200

/** Seals anew what older data keys sealed, and ends those that nothing is left of; the clock calls it, nobody else may. */
export const advanceSeal = operation.write({
  name: 'broker.seal.advance',
  summary: 'seal anew what older data keys sealed, and destroy those that are not needed any more',
  input: z.strictObject({}),
  output: z.object({ resealed: z.int(), retired: z.array(z.string()) }),
  faults: [],
  principals: ['automation'],
  on: () => DEPLOYMENT,
  run: async ({ tx, now, ports: { sealer } }) => {
    const stored = await holdDataKeys(tx)
    const resealed = await resealSome(tx, sealer, BATCH)
    const retired = resealed > 0 ? [] : [...retirableKeys(stored, sealer.sealsWith(), now.getTime())]
    for (const id of retired) await retireDataKey(tx, id, now)
    return {
      output: { resealed, retired },
      change: retired.map((id) => ({ field: `dataKey ${id}`, before: 'living', after: 'destroyed' })),
      evidence: { resealed },
      signals: retired.map((key) => ({ topic: 'data-key', key })),
    }
  },
})

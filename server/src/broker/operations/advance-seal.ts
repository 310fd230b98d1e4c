import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { resealSome } from '../../kit/reseal.ts'
import { holdDataKeys, insertDataKey, retireDataKey } from '../../kit/store-data-key.ts'
import { retirableKeys } from '../domain/seal-schedule.ts'
import { operation } from '../room.ts'
import { LEAD_MS } from './rotate-seal.ts'

/** So many texts are sealed anew in one transaction. */
const BATCH = 200

/** Seals anew what older data keys sealed, and ends those that nothing is left of; the clock calls it, nobody else may. */
export const advanceSeal = operation.write({
  name: 'broker.seal.advance',
  summary:
    'seal anew what older data keys sealed, destroy those that are not needed any more, and begin the next where one was used too often',
  input: z.strictObject({}),
  output: z.object({ resealed: z.int(), retired: z.array(z.string()), begun: z.string().nullable() }),
  faults: [],
  principals: ['automation'],
  on: () => DEPLOYMENT,
  // What asks a device or a cloud is done before the transaction.
  prepare: async ({ ports: { sealer }, newId }) => (sealer.isWorn() ? sealer.makeKey(newId('dek')) : undefined),
  run: async ({ tx, now, prepared, ports: { sealer } }) => {
    const stored = await holdDataKeys(tx)
    const isFollowed = stored.at(-1)?.id !== sealer.sealsWith()
    const begun = isFollowed ? undefined : prepared
    const createdAt = now.getTime()
    if (begun !== undefined) await insertDataKey(tx, { ...begun, createdAt, usableFrom: createdAt + LEAD_MS })
    const resealed = await resealSome(tx, sealer, BATCH)
    const retired = resealed > 0 ? [] : [...retirableKeys(stored, sealer.sealsWith(), now.getTime())]
    for (const id of retired) await retireDataKey(tx, id, now)
    return {
      output: { resealed, retired, begun: begun?.id ?? null },
      change: [
        ...(begun === undefined ? [] : [{ field: `dataKey ${begun.id}`, before: null, after: 'living' }]),
        ...retired.map((id) => ({ field: `dataKey ${id}`, before: 'living', after: 'destroyed' })),
      ],
      evidence: { resealed },
      signals: [...retired, ...(begun === undefined ? [] : [begun.id])].map((key) => ({ topic: 'data-key', key })),
    }
  },
})

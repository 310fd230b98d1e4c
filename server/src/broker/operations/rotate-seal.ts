import { z } from 'zod'
import { KeyUnavailable, WrongKey } from '../../kit/key-wrapper.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { holdDataKeys, insertDataKey, rewrapDataKey } from '../../kit/store-data-key.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { ReasonText } from './credential-view.ts'

/** So long every replica has to hear of a new data key before the first text is sealed with it. */
export const LEAD_MS = 60_000

/** Begins a new data key, and wraps those of before by the key-encryption key of now. */
export const rotateSeal = operation.write({
  name: 'broker.seal.rotate',
  summary: 'make a new data key, wrap all of them by the key-encryption key of now, and seal everything anew',
  input: z.strictObject({ reason: ReasonText }),
  output: z.object({ key: z.string(), sealsFrom: z.string(), wrappedBy: z.string(), rewrapped: z.int() }),
  faults: ['seal_rotation_running', 'kek_unavailable'],
  on: () => DEPLOYMENT,
  // What asks a device or a cloud is done before the transaction.
  prepare: async ({ ports: { sealer }, newId }) => {
    try {
      return { made: await sealer.makeKey(newId('dek')), rewrapped: await sealer.rewrapped() }
    } catch (error) {
      if (error instanceof KeyUnavailable || error instanceof WrongKey)
        throw fault('kek_unavailable', { about: error.message })
      throw error
    }
  },
  run: async ({ input, tx, now, prepared: { made, rewrapped } }) => {
    const keys = await holdDataKeys(tx)
    if (keys.some(({ usable_from }) => usable_from > now.getTime())) throw fault('seal_rotation_running')
    for (const key of rewrapped) await rewrapDataKey(tx, key)
    const usableFrom = now.getTime() + LEAD_MS
    await insertDataKey(tx, { ...made, createdAt: now.getTime(), usableFrom })
    return {
      output: {
        key: made.id,
        sealsFrom: new Date(usableFrom).toISOString(),
        wrappedBy: made.kek,
        rewrapped: rewrapped.length,
      },
      change: [
        { field: `dataKey ${made.id}`, before: null, after: 'living' },
        ...rewrapped.map(({ id }) => ({ field: `dataKey ${id} wrappedBy`, before: null, after: made.kek })),
        { field: 'reason', before: null, after: input.reason },
      ],
      signals: [{ topic: 'data-key', key: made.id }],
    }
  },
})

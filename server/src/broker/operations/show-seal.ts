import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'

const DataKeyView = z.object({
  id: z.string(),
  wrappedBy: z.string().nullable().describe('which key-encryption key; null: not written down yet'),
  usableFrom: z.string().nullable().describe('from when on it seals; null: it is the first one'),
  isSealing: z.boolean(),
})

/** Lists the data keys that stored secrets are sealed with, and what wraps each; never a key. */
export const showSeal = operation.read({
  name: 'broker.seal.show',
  summary: 'show the data keys that stored secrets are sealed with, and which key wraps each',
  input: z.strictObject({}),
  output: z.object({ keys: z.array(DataKeyView) }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ ports: { sealer } }) => {
    const sealing = sealer.sealsWith()
    const keys = sealer.keys().map(({ id, kek, usableFromMs }) => ({
      id,
      wrappedBy: kek,
      usableFrom: usableFromMs === 0 ? null : new Date(usableFromMs).toISOString(),
      isSealing: id === sealing,
    }))
    return { output: { keys } }
  },
})

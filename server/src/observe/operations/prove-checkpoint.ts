import { consistencyProof } from '@reeve/sdk/ledger'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { nodeReader } from '../../ledger/tree.ts'
import { fault } from '../faults.ts'
import { freshCheckpoint } from '../fresh-checkpoint.ts'
import { operation } from '../room.ts'

/** Proves that the log of now begins with the log of an earlier checkpoint. */
export const proveCheckpoint = operation.read({
  name: 'observe.checkpoint.proof',
  summary: 'prove that the log still begins with what an earlier checkpoint covered',
  input: z.strictObject({ oldSize: z.number().int().min(1) }),
  output: z.object({
    oldSize: z.number(),
    newSize: z.number(),
    hashes: z.array(z.string()),
    checkpoint: z.string(),
    vkey: z.string(),
  }),
  faults: ['log_unsigned', 'size_outside_log'],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports }) => {
    const { size, note } = await freshCheckpoint(ports, db)
    if (input.oldSize > size) throw fault('size_outside_log')
    const hashes = await consistencyProof(input.oldSize, size, nodeReader(db))
    return {
      output: {
        oldSize: input.oldSize,
        newSize: size,
        hashes: hashes.map((hash) => Buffer.from(hash).toString('base64')),
        checkpoint: note,
        vkey: ports.log.vkey,
      },
      evidence: { oldSize: input.oldSize, newSize: size },
    }
  },
})

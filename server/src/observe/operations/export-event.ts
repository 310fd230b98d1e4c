import { parseVkey } from '@reeve/sdk/ledger'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { freshCheckpoint } from '../fresh-checkpoint.ts'
import { operation } from '../room.ts'

/**
 * Fixes what an export holds: from a number up to a signed checkpoint. Its lines are streamed by `GET /audit/export`,
 * which makes this call first: a log of any size goes out in constant memory, and as one event.
 */
export const exportEvent = operation.read({
  name: 'observe.event.export',
  summary: 'fix the part of the log that an export holds; GET /audit/export streams its lines',
  input: z.strictObject({ fromSeq: z.number().int().min(0).default(0) }),
  output: z.object({
    origin: z.string(),
    vkey: z.string(),
    fromSeq: z.number(),
    toSize: z.number(),
    path: z.string(),
  }),
  faults: ['log_unsigned', 'size_outside_log'],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports }) => {
    const { fromSeq } = input
    const { size } = await freshCheckpoint(ports, db)
    if (fromSeq > size) throw fault('size_outside_log')
    const { vkey } = ports.log
    const { name: origin } = parseVkey(vkey)
    return {
      output: { origin, vkey, fromSeq, toSize: size, path: `/audit/export?fromSeq=${fromSeq}` },
      evidence: { fromSeq, toSize: size },
    }
  },
})

import { openCheckpoint, parseVkey } from '@reeve/sdk/ledger'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Moment } from '../../kit/text.ts'
import { freshCheckpoint } from '../fresh-checkpoint.ts'
import { operation } from '../room.ts'

/** Signs and shows the log's head. Whoever keeps it elsewhere will notice when the log is set back. */
export const showCheckpoint = operation.read({
  name: 'observe.checkpoint.show',
  summary: "show a signed checkpoint over the whole log, and the log's verifier key",
  input: z.strictObject({}),
  output: z.object({
    origin: z.string(),
    size: z.number(),
    root: z.string(),
    at: Moment,
    note: z.string(),
    vkey: z.string(),
  }),
  faults: ['log_unsigned'],
  on: () => DEPLOYMENT,
  run: async ({ db, ports }) => {
    const { note, at } = await freshCheckpoint(ports, db)
    const { vkey } = ports.log
    const { origin, size, root } = openCheckpoint(note, [parseVkey(vkey)])
    return {
      output: { origin, size, root: Buffer.from(root).toString('base64'), at: at.toISOString(), note, vkey },
    }
  },
})

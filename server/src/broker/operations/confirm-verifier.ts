import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { livingKeys } from '../store-key.ts'
import { feedHead } from '../store-stop.ts'
import { confirmedAfterMs, confirmFeed } from '../store-verifier.ts'

// Longer than any of our ids, and more keys than a key set has.
const KEY_CHARS_MAX = 100
const KEYS_MAX = 100

/** A verifier says how far it has applied the revocation feed; a quarantine names those that have not yet. */
export const confirmVerifier = operation.write({
  name: 'broker.verifier.confirm',
  summary: 'tell that a verifier has applied the revocation feed up to a number, and which signing keys it has',
  input: z.strictObject({
    seq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    keys: z
      .array(z.string().min(1).max(KEY_CHARS_MAX))
      .max(KEYS_MAX)
      .optional()
      .describe('the ids of the keys that it verifies with; a new key signs once every verifier has it'),
  }),
  output: z.object({ seq: z.number().int() }),
  faults: ['verifier_not_known', 'verifier_ahead'],
  principals: ['nhi'],
  on: () => DEPLOYMENT,
  prepare: async ({ caller, ports }) => {
    if (caller.actor.id !== null) await ports.decisions.warm(caller.actor.id)
  },
  run: async ({ input, caller, now, ports, tx }) => {
    const { id, name } = caller.actor
    if (id === null || ports.decisions.resourcesServedBy(id).length === 0) throw fault('verifier_not_known')
    if (input.seq > (await feedHead(tx))) throw fault('verifier_ahead')
    const verifier = { identity: id, instance: caller.instance ?? '', name: name ?? id }
    const afterMs = await confirmedAfterMs(tx, verifier, input.seq, now)
    const keys = input.keys === undefined ? undefined : await known(tx, input.keys)
    await confirmFeed(tx, verifier, { seq: input.seq, keys }, now)
    const evidence = { seq: input.seq, afterMs, keys: keys?.join(' ') ?? null }
    return { output: { seq: input.seq }, evidence }
  },
})

/** Nothing is kept of what a verifier says but which of our keys it is. */
const known = async (tx: Handle<BrokerTables>, said: readonly string[]): Promise<readonly string[]> => {
  const ours = await livingKeys(tx)
  return ours.filter(({ id, state }) => state !== 'prepared' && said.includes(id)).map(({ id }) => id)
}

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { feedHead } from '../store-stop.ts'
import { confirmedAfterMs, confirmFeed } from '../store-verifier.ts'

/** A verifier says how far it has applied the revocation feed; a quarantine names those that have not yet. */
export const confirmVerifier = operation.write({
  name: 'broker.verifier.confirm',
  summary: 'tell that a verifier has applied the revocation feed up to a number',
  input: z.strictObject({ seq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
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
    await confirmFeed(tx, verifier, input.seq, now)
    return { output: { seq: input.seq }, evidence: { seq: input.seq, afterMs } }
  },
})

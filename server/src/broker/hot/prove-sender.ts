import { coreFault, Fault } from '../../kit/fault.ts'
import { useOnce } from '../../kit/once.ts'
import { fault } from '../faults.ts'
import type { ProvenRequest } from '../sender-proof.ts'
import type { TokenGate } from './authenticate-token.ts'
import type { HotParts } from './hot-parts.ts'

/**
 * Finds out which key the sender of a request to our own API holds, and uses the proof up, on every replica, before
 * anything is done for it. Throws `sender_not_proven`, or `token_refused` where the token lets nobody in anyway.
 */
export const createProveSender =
  ({ senders, database }: Pick<HotParts, 'senders' | 'database'>, gate: Pick<TokenGate, 'authenticate'>) =>
  async (proof: string | undefined, request: Required<ProvenRequest>, x5t?: string): Promise<string> => {
    if (proof === undefined) throw fault('sender_not_proven', { about: 'there is no header DPoP' })
    const sender = await senders.judge(proof, request)
    if (sender instanceof Fault) throw fault('sender_not_proven', { about: sender.message })
    // INVARIANT: nothing is written for whoever shows no good token of this key; anybody can make keys and proofs.
    await gate.authenticate(request.token, { jkt: sender.jkt, x5t })
    const isNew = await database
      .write((tx) => useOnce(tx, sender.once))
      .catch((cause: unknown) => {
        throw coreFault('unavailable', { retryAfterSeconds: 2, cause })
      })
    if (!isNew) throw fault('sender_not_proven', { about: 'the DPoP proof was used before' })
    return sender.jkt
  }

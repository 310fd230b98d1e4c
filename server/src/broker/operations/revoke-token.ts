import { operation } from '../room.ts'
import { placeStop } from '../store-stop.ts'
import { unconfirmedBy } from '../unconfirmed.ts'
import { aboutToken, readTokenInput, TokenInput, TokenStopOutput } from './token-input.ts'

/** Ends one token for good. */
export const revokeToken = operation.write({
  name: 'broker.token.revoke',
  summary: 'End one token for good',
  input: TokenInput,
  output: TokenStopOutput,
  faults: ['token_not_ours'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const { jti, until, digest, identity } = readTokenInput(input, ports)
    const { reason } = input
    const stop = { id: newId('stp'), scope: 'token', subject: jti, verb: 'revoke' } as const
    const placed = await placeStop(tx, { ...stop, reason, by: caller.actor.id, now, until })
    return {
      output: {
        token: digest,
        seq: placed.seq,
        unconfirmed: await unconfirmedBy(tx, ports, { seq: placed.seq, identity, now }),
      },
      change: [
        { field: `token ${digest}`, before: null, after: 'revoked' },
        { field: 'reason', before: null, after: reason },
      ],
      signals: placed.signals,
    }
  },
})

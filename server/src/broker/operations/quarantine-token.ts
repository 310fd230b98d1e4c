import { operation } from '../room.ts'
import { placeStop } from '../store-stop.ts'
import { unconfirmedBy } from '../unconfirmed.ts'
import { aboutToken, readTokenInput, TokenInput, TokenStopOutput } from './token-input.ts'

/** Stops one token until it is released or ends. */
export const quarantineToken = operation.write({
  name: 'broker.token.quarantine',
  summary: 'Stop one token, until it is released or ends',
  input: TokenInput,
  output: TokenStopOutput,
  faults: ['token_not_ours'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const { jti, until, digest, identity } = readTokenInput(input, ports)
    const { reason } = input
    const stop = { id: newId('stp'), scope: 'token', subject: jti, verb: 'quarantine' } as const
    const placed = await placeStop(tx, { ...stop, reason, by: caller.actor.id, now, until })
    return {
      output: {
        token: digest,
        seq: placed.seq,
        unconfirmed: await unconfirmedBy(tx, ports, { seq: placed.seq, identity, now }),
      },
      change: [
        { field: `token ${digest}`, before: null, after: 'quarantined' },
        { field: 'reason', before: null, after: reason },
      ],
      signals: placed.signals,
    }
  },
})

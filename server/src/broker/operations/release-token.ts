import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { liftStop } from '../store-stop.ts'
import { needReleasable } from './need-releasable.ts'
import { aboutToken, readTokenInput, TokenInput, TokenStopOutput } from './token-input.ts'

/** Releases a quarantined token; who placed the quarantine does, or security. */
export const releaseToken = operation.write({
  name: 'broker.token.release',
  summary: 'release a quarantined token',
  input: TokenInput,
  output: TokenStopOutput,
  faults: ['token_not_ours', 'stop_not_found', 'release_not_yours'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: async ({ input, caller, now, ports, tx }) => {
    const { jti, digest } = readTokenInput(input, ports)
    await needReleasable(tx, ports, { scope: 'token', id: jti }, caller)
    const placed = await liftStop(tx, 'token', jti, now)
    if (placed === undefined) throw fault('stop_not_found')
    return {
      output: { token: digest, seq: placed.seq, unconfirmed: [] },
      change: [
        { field: `token ${digest}`, before: 'quarantined', after: 'released' },
        { field: 'reason', before: null, after: input.reason },
      ],
      signals: placed.signals,
    }
  },
})

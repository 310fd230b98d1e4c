import { operation } from '../room.ts'
import { stopToken } from './stop-token.ts'
import { aboutToken, TokenInput, TokenStopOutput } from './token-input.ts'

/** Ends one token for good. */
export const revokeToken = operation.write({
  name: 'broker.token.revoke',
  summary: 'end one token for good',
  input: TokenInput,
  output: TokenStopOutput,
  faults: ['token_not_ours', 'token_ended'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: stopToken('revoke', 'revoked'),
})

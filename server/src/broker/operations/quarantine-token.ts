import { operation } from '../room.ts'
import { stopToken } from './stop-token.ts'
import { aboutToken, TokenInput, TokenStopOutput } from './token-input.ts'

/** Stops one token until it is released or ends. */
export const quarantineToken = operation.write({
  name: 'broker.token.quarantine',
  summary: 'stop one token, until it is released or ends',
  input: TokenInput,
  output: TokenStopOutput,
  faults: ['token_not_ours', 'token_ended'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: stopToken('quarantine', 'quarantined'),
})

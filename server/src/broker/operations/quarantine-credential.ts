import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { MoveInput, MoveOutput, moveCredential } from './move-credential.ts'
import { needCredential } from './need-credential.ts'

/** Stops a credential until it is released: it gets no tokens, and verifiers refuse those that it got. */
export const quarantineCredential = operation.write({
  name: 'broker.credential.quarantine',
  summary: 'stop one credential, until it is released',
  input: MoveInput,
  output: MoveOutput,
  faults: ['credential_not_found', 'credential_wrong_state', 'identity_not_found'],
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: (given) => moveCredential('quarantine', given),
})

import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { MoveInput, MoveOutput, moveCredential } from './move-credential.ts'
import { needCredential } from './need-credential.ts'

/** Revokes a credential for good, with the tokens that it got. */
export const revokeCredential = operation.write({
  name: 'broker.credential.revoke',
  summary: 'Revoke a credential for good',
  input: MoveInput,
  output: MoveOutput,
  faults: ['credential_not_found', 'credential_wrong_state', 'identity_not_found'],
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: (given) => moveCredential('revoke', given),
})

import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { MoveInput, MoveOutput, moveCredential } from './move-credential.ts'
import { needCredential } from './need-credential.ts'

/** Revokes a credential for good, with the tokens that it got. */
export const revokeCredential = operation.write({
  name: 'broker.credential.revoke',
  summary: 'revoke a credential for good',
  input: MoveInput,
  output: MoveOutput,
  faults: ['credential_not_found', 'credential_wrong_state', 'credential_of_others', 'identity_not_found'],
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: (given) => {
    const { input, caller } = given
    // INVARIANT: whoever holds one credential of an identity ends that one alone: a leaked key must not end its successor, nor
    // one machine's key those of the others.
    if (caller.actor.principalType === 'nhi' && caller.credential !== input.credential)
      throw fault('credential_of_others')
    return moveCredential('revoke', given)
  },
})

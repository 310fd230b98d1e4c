import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { MoveInput, MoveOutput, moveCredential } from './move-credential.ts'
import { needCredential } from './need-credential.ts'

/** Releases a quarantined credential; who placed the quarantine does, or security. */
export const releaseCredential = operation.write({
  name: 'broker.credential.release',
  summary: 'release a quarantined credential',
  input: MoveInput,
  output: MoveOutput,
  faults: ['credential_not_found', 'credential_wrong_state', 'identity_not_found', 'release_not_yours'],
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: (given) => moveCredential('release', given),
})

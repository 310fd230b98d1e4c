import { closeRotation } from '../end-rotation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { holdCredentials } from '../store-credential.ts'
import { holdRotation, rotationsOf, runningRotation } from '../store-rotation.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CredentialView, viewCredential } from './credential-view.ts'
import { MoveInput, MoveOutput, moveCredential } from './move-credential.ts'
import { needCredential } from './need-credential.ts'

/** Takes a rotation back while both work: the new credential is revoked for good, and the old one goes on. */
export const rollbackCredential = operation.write({
  name: 'broker.credential.rollback',
  summary: 'take back a rotation that runs: the new credential is revoked, the old one goes on',
  // Either of the two.
  input: MoveInput,
  output: MoveOutput.extend({
    /** The old one, which goes on. */
    keeps: CredentialView,
  }),
  faults: ['credential_not_found', 'credential_wrong_state', 'rotation_not_running', 'identity_not_found'],
  on: async ({ input, ports, tx }) => {
    const { identity } = await needCredential(tx, input.credential)
    return aboutIdentity(await needIdentity(ports, tx, identity))
  },
  run: async (given) => {
    const { tx, input, caller, now } = given
    const found = await runningRotation(tx, input.credential)
    if (found === undefined) throw fault('rotation_not_running')
    // In the order of all who end a rotation: the credentials, then the rotation itself.
    const held = await holdCredentials(tx, [found.predecessor, found.successor])
    const rotation = await holdRotation(tx, found.id)
    const old = held.get(found.predecessor)
    if (old === undefined || rotation?.state !== 'overlap') throw fault('rotation_not_running')
    const end = { state: 'rolled-back', because: 'rollback', by: caller.actor.id, now } as const
    await closeRotation(tx, rotation, end)
    const moved = await moveCredential('revoke', { ...given, input: { ...input, credential: rotation.successor } })
    const rotations = await rotationsOf(tx, [old.id])
    return {
      ...moved,
      output: { ...moved.output, keeps: viewCredential(old, now, rotations) },
      evidence: { rotation: rotation.id, keeps: old.id },
      signals: [{ topic: 'credential', key: old.id }, ...(moved.signals ?? [])],
    }
  },
})

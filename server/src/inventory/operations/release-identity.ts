import { operation } from '../room.ts'
import { stopIdentity } from '../stop-identity.ts'
import { IdentityStopInput, IdentityStopView } from '../stop-shape.ts'
import { release } from '../stopping.ts'
import { identitySubject, needIdentity } from '../subject.ts'

/** Ends the quarantine of an identity: it is again what it was before. */
export const releaseIdentity = operation.write({
  name: 'inventory.identity.release',
  summary: 'end the quarantine of an identity: it is again exactly what it was before',
  input: IdentityStopInput,
  output: IdentityStopView,
  faults: ['wrong_state', 'release_not_yours'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: stopIdentity('release', release),
})

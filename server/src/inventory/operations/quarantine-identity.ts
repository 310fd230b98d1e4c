import { operation } from '../room.ts'
import { stopIdentity } from '../stop-identity.ts'
import { IdentityStopInput, IdentityStopView } from '../stop-shape.ts'
import { quarantine } from '../stopping.ts'
import { identitySubject, needIdentity } from '../subject.ts'

/** Stops an identity everywhere, and what it spawned with it; a release undoes it. */
export const quarantineIdentity = operation.write({
  name: 'inventory.identity.quarantine',
  summary: 'stop an identity and what it spawned, now and everywhere, until it is released',
  input: IdentityStopInput,
  output: IdentityStopView,
  faults: ['wrong_state'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: stopIdentity('quarantine', quarantine),
})

import { z } from 'zod'
import { IdentityView, viewOf } from '../identity-shape.ts'
import { operation } from '../room.ts'
import { findTeam } from '../store-team.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

/** Shows an identity. */
export const showIdentity = operation.read({
  name: 'inventory.identity.show',
  summary: 'show an identity: whose it is, what it is for, its tier, state and last use',
  input: z.strictObject({ identity: reference('identity') }),
  output: IdentityView,
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input }) => {
    const identity = await needIdentity(db, input.identity)
    return { output: viewOf(identity, await findTeam(db, identity.ownerId)) }
  },
})

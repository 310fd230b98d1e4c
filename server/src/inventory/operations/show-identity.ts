import { z } from 'zod'
import { IdentityView, viewOf } from '../identity-shape.ts'
import { operation } from '../room.ts'
import { findTeam } from '../store-team.ts'
import { latestInstances } from '../store-use.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

const INSTANCES_SHOWN = 20

/** Shows an identity and its latest instances. */
export const showIdentity = operation.read({
  name: 'inventory.identity.show',
  summary: 'show an identity: whose it is, what it is for, its tier, state and last use',
  input: z.strictObject({ identity: reference('identity') }),
  output: IdentityView.extend({
    instances: z.array(z.object({ instance: z.string(), firstUsedAt: z.string(), lastUsedAt: z.string() })),
  }),
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input }) => {
    const identity = await needIdentity(db, input.identity)
    const instances = await latestInstances(db, identity.id, INSTANCES_SHOWN)
    return {
      output: {
        ...viewOf(identity, await findTeam(db, identity.ownerId)),
        instances: instances.map((each) => ({
          instance: each.instance,
          firstUsedAt: each.firstAt.toISOString(),
          lastUsedAt: each.usedAt.toISOString(),
        })),
      },
    }
  },
})

import { z } from 'zod'
import { ImpactView, impactOf } from '../impact.ts'
import { operation } from '../room.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

/** Tells what stopping an identity will break. */
export const impactIdentity = operation.read({
  name: 'inventory.identity.impact',
  summary: 'tell what stopping an identity will break: credentials, grants, recent use, dependants and children',
  input: z.strictObject({
    identity: reference('identity'),
    credentialsAfter: z.string().max(2000).optional().describe('`credentialsNext` of the page before'),
  }),
  output: ImpactView,
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input, ports, now, sees }) => ({
    output: await impactOf(db, ports, await needIdentity(db, input.identity), {
      ...{ now, sees },
      credentialsAfter: input.credentialsAfter,
    }),
  }),
})

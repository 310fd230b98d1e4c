import { z } from 'zod'
import { needGrant } from '../need.ts'
import { operation } from '../room.ts'
import { GrantView, Reference } from '../shapes.ts'
import { grantNames } from '../store-names.ts'
import { grantSubject } from '../subject.ts'
import { grantView } from '../views.ts'

/** Shows a grant, ended or not. */
export const showGrant = operation.read({
  name: 'policy.grant.show',
  summary: 'show a grant by its id',
  input: z.strictObject({ grant: Reference }),
  output: GrantView,
  faults: ['grant_not_found'],
  on: async ({ db, input, ports }) => grantSubject(ports, db, await needGrant(db, input.grant)),
  run: async ({ db, input }) => {
    const grant = await needGrant(db, input.grant)
    return { output: grantView(grant, await grantNames(db, [grant])), evidence: { grant: grant.id } }
  },
})

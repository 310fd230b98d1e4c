import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { policyFault } from '../faults.ts'
import { needGrant } from '../need.ts'
import { regradeSignals } from '../regrades.ts'
import { operation } from '../room.ts'
import { GrantView, Reference } from '../shapes.ts'
import { endGrant } from '../store-grant.ts'
import { grantNames } from '../store-names.ts'
import { grantSubject } from '../subject.ts'
import { grantView } from '../views.ts'

/** Ends a grant, with the reason. */
export const revokeGrant = operation.write({
  name: 'policy.grant.revoke',
  summary: 'end a grant, with the reason',
  input: z.strictObject({ grant: Reference, reason: Line(500) }),
  output: GrantView,
  faults: ['grant_not_found', 'grant_ended'],
  on: async ({ tx, input, ports }) => grantSubject(ports, tx, await needGrant(tx, input.grant)),
  run: async ({ tx, input, ports, now }) => {
    const { id, identity } = await needGrant(tx, input.grant)
    if (!(await endGrant(tx, id, input.reason, now))) throw policyFault('grant_ended')
    const regraded = await ports.identities.regradeFound(tx, identity, now)
    const after = await needGrant(tx, id)
    return {
      output: grantView(after, await grantNames(tx, [after])),
      change: [{ field: 'grant', before: id, after: null }, ...regraded.change],
      evidence: { grant: id, reason: input.reason },
      signals: regradeSignals([regraded]),
    }
  },
})

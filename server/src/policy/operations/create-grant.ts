import { z } from 'zod'
import { needIdentity } from '../need.ts'
import { putGrant } from '../put-grant.ts'
import { operation } from '../room.ts'
import { ApprovalId, GrantView, grantFields } from '../shapes.ts'
import { grantNames } from '../store-names.ts'
import { grantView, identitySubject } from '../views.ts'

/** Grants a bundle, or actions on a resource, to an identity, under conditions and until it expires. */
export const createGrant = operation.write({
  name: 'policy.grant.create',
  summary: 'grant an identity a bundle, or actions on a resource, until the grant expires',
  input: z.strictObject({ ...grantFields, approval: ApprovalId }),
  output: GrantView,
  faults: [
    'grant_identity',
    'grant_terms',
    'grant_expiry',
    'grant_exists',
    'bundle_not_found',
    'resource_not_found',
    'environment_isolated',
  ],
  on: async ({ tx, input, ports }) => identitySubject(await needIdentity(ports, tx, input.identity)),
  run: async ({ tx, input, ports, now, caller, newId }) => {
    const { approval, ...terms } = input
    const done = await putGrant(tx, ports, terms, {
      now,
      newId,
      by: caller.actor.id,
      mayReplace: false,
      directory: null,
      approve: async (_reason, team, need = 'one') => {
        const spend = { approval, operation: 'policy.grant.create', input: terms, team, need, now }
        return (await ports.approvals.spend(tx, { ...spend, requester: caller.actor.id })).id
      },
    })
    return {
      output: grantView(done.grant, await grantNames(tx, [done.grant])),
      change: done.change,
      signals: done.signals,
      ...(done.grant.approval === null ? {} : { approval: done.grant.approval }),
      evidence: { grant: done.grant.id, exceptions: done.exceptions.join(' ') || null },
    }
  },
})

import { z } from 'zod'
import { createApproving } from '../approving.ts'
import { needIdentity, seenResource } from '../need.ts'
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
    'grant_exceeds_parent',
  ],
  on: async ({ tx, input, ports }) => identitySubject(await needIdentity(ports, tx, input.identity)),
  run: async ({ tx, input, ports, now, caller, newId, sees }) => {
    const { approval, ...terms } = input
    if (terms.resource !== undefined) await seenResource(tx, sees, terms.resource)
    const by = caller.actor.id
    const call = { approval, operation: 'policy.grant.create', input: terms, requester: by, now, isDryRun: false }
    const { need, settle } = createApproving(tx, ports, call)
    const done = await putGrant(tx, ports, terms, {
      now,
      newId,
      by,
      mayReplace: false,
      directory: null,
      approval,
      need,
    })
    const spent = await settle()
    return {
      output: grantView(done.grant, await grantNames(tx, [done.grant])),
      change: [...done.change, ...(done.regraded?.change ?? [])],
      signals: done.signals,
      ...(spent === undefined ? {} : { approval: spent }),
      evidence: { grant: done.grant.id, exceptions: done.exceptions.join(' ') || null },
    }
  },
})

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { applyDirectory } from '../apply-directory.ts'
import { createApproving } from '../approving.ts'
import { AppliedView, DirectoryInput, prepareDirectory } from '../directory.ts'
import { RegradedView, regradeChanges, regradedViews } from '../regrades.ts'
import { operation } from '../room.ts'
import { ApprovalId } from '../shapes.ts'

// Of one event; the answer tells the rest.
const TOLD_MAX = 200

/** Makes teams, identities, resources, bundles, grants and policies so that they are as a directory declares. */
export const applyAccess = operation.write({
  name: 'policy.access.apply',
  summary: 'make everything as a directory declares it, in one change; or only say what would be done',
  input: z.strictObject({
    ...DirectoryInput.shape,
    dryRun: z.boolean().default(false),
    commit: Line(100).optional().describe('the commit that is applied, for the record'),
    author: Line(200).optional().describe('who wrote it, for the record'),
    approval: ApprovalId,
  }),
  output: z.object({
    dryRun: z.boolean(),
    revision: z.string(),
    needsApproval: z.array(z.string()),
    objects: z.array(AppliedView),
    regraded: z.array(RegradedView).describe('whose tier changed by it'),
  }),
  faults: [
    'policy_invalid',
    'apply_name',
    'resource_exists',
    'resource_uri',
    'resource_action',
    'resource_not_found',
    'owner_not_found',
    'bundle_exists',
    'bundle_not_found',
    'grant_identity',
    'grant_terms',
    'grant_expiry',
    'environment_isolated',
    'grant_exceeds_parent',
  ],
  prepare: async ({ input, ports }) => prepareDirectory(ports, input),
  on: () => DEPLOYMENT,
  run: async ({ tx, input, prepared, ports, now, caller, newId }) => {
    const { dryRun, commit, author, approval, ...directory } = input
    const by = caller.actor.id
    // What is approved is the whole input: the directory, and of which commit it is.
    const call = { approval, operation: 'policy.access.apply', input, requester: by, now, isDryRun: dryRun }
    const approving = createApproving(tx, ports, call)
    const done = await applyDirectory(tx, ports, directory, { now, by, newId, approving, reason: prepared.reason })
    const isChanged = done.objects.some(({ verb }) => verb !== 'unchanged')
    return {
      output: {
        dryRun,
        revision: done.revision,
        needsApproval: [...approving.why()],
        objects: [...done.objects],
        regraded: regradedViews(done.regraded),
      },
      change: [
        ...done.objects
          .filter(({ verb }) => verb !== 'unchanged')
          .slice(0, TOLD_MAX)
          .map(({ type, name, verb }) => ({ field: `${type} ${name}`, before: null, after: verb })),
        ...regradeChanges(done.regraded).slice(0, TOLD_MAX),
      ],
      ...(done.approval === undefined ? {} : { approval: done.approval }),
      evidence: {
        directory: directory.directory,
        revision: done.revision,
        policyDiff: done.policyDiff,
        commit: commit ?? null,
        author: author ?? null,
      },
      signals: isChanged ? done.signals : [],
    }
  },
})

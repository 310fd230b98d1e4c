import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { applyDirectory } from '../apply-directory.ts'
import { createApproving } from '../approving.ts'
import { declaredObjects } from '../declared-objects.ts'
import { AppliedView, DirectoryInput, prepareDirectory } from '../directory.ts'
import { policyFault } from '../faults.ts'
import { assertAsPlanned, assertFresh } from '../plan/assert-fresh.ts'
import { plannedIds } from '../plan/planned-ids.ts'
import { RegradedView, regradeChanges, regradedViews } from '../regrades.ts'
import { operation } from '../room.ts'
import { ApprovalId, PlanId } from '../shapes.ts'
import { keepTests, testsInForce } from '../store-directory.ts'
import { findPlan } from '../store-plan.ts'
import { assertTested } from '../testing/test-directory.ts'

/** What may refuse a directory, when it is applied or planned. */
export const applyFaults = [
  'policy_invalid',
  'policy_locks_out',
  'apply_name',
  'apply_owned',
  'fragment_scope',
  'apply_in_use',
  'resource_exists',
  'resource_uri',
  'resource_action',
  'resource_not_found',
  'owner_not_found',
  'application_invalid',
  'bundle_exists',
  'bundle_not_found',
  'grant_identity',
  'grant_terms',
  'grant_expiry',
  'environment_isolated',
  'grant_exceeds_parent',
]

// Of one event; the answer tells the rest.
const TOLD_MAX = 200

/** Makes teams, identities, resources, applications, bundles, grants and policies so that they are as a directory declares. */
export const applyAccess = operation.write({
  name: 'policy.access.apply',
  summary: 'make everything as a directory declares it, in one change; or only say what would be done',
  input: z.strictObject({
    ...DirectoryInput.shape,
    plan: PlanId.optional().describe('apply exactly this plan, which brings its own directory'),
    dryRun: z.boolean().default(false),
    commit: Line(100).optional().describe('the commit that is applied, for the record'),
    author: Line(200).optional().describe('who wrote it, for the record'),
    withoutTests: z
      .boolean()
      .optional()
      .describe('apply it also where it had tests when it was last applied and has none now'),
    approval: ApprovalId,
  }),
  output: z.object({
    dryRun: z.boolean(),
    revision: z.string(),
    needsApproval: z.array(z.string()),
    objects: z.array(AppliedView),
    regraded: z.array(RegradedView).describe('whose tier changed by it'),
  }),
  faults: [...applyFaults, 'apply_tests', 'apply_untested', 'plan_not_found', 'plan_stale'],
  prepare: async ({ input, ports }) => (input.plan === undefined ? prepareDirectory(ports, input) : assertAlone(input)),
  on: async ({ tx, input, now }) => ({ ...DEPLOYMENT, ...(await directoryOf(tx, input, now)) }),
  run: async ({ tx, input, prepared, ports, now, caller, newId }) => {
    const { plan: planId, dryRun, commit, author, withoutTests, approval, ...declared } = input
    const plan = planId === undefined ? undefined : await findPlan(tx, planId, now)
    if (planId !== undefined && plan === undefined) throw policyFault('plan_not_found', { about: planId })
    if (plan !== undefined) await assertFresh(tx, ports, plan, now)
    const directory = plan?.input ?? declared
    const before = await testsInForce(tx, directory.directory)
    // Said first: without its tests, whatever else is right of a directory was not tested.
    if (before > 0 && directory.tests.length === 0 && withoutTests !== true)
      throw policyFault('apply_untested', { about: `${before} in ${directory.directory}` })
    const by = caller.actor.id
    // What is approved is the whole input: the directory, and of which commit it is.
    const call = { approval, operation: 'policy.access.apply', input, requester: by, now, isDryRun: dryRun }
    const approving = createApproving(tx, ports, call)
    const ids = plan === undefined ? newId : plannedIds(plan.id)
    const judgedOn = plan === undefined ? prepared.judgedOn : plan.judgedOn
    const isPlan = plan !== undefined
    const given = { now, by, newId: ids, approving, judgedOn, isPlan }
    const done = await applyDirectory(tx, ports, directory, given)
    if (plan !== undefined) assertAsPlanned(plan, done.objects)
    const { tests } = await assertTested(tx, ports, directory, { done, now })
    await keepTests(tx, directory.directory, tests.length)
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
        ...done.modes.slice(0, TOLD_MAX).map(({ kind, target }) => ({
          field: `mode of ${kind} ${target}`,
          before: 'enforced',
          after: 'report-only',
        })),
        ...regradeChanges(done.regraded).slice(0, TOLD_MAX),
      ],
      ...(done.approval === undefined ? {} : { approval: done.approval }),
      evidence: {
        directory: directory.directory,
        fragmentOf: directory.fragmentOf ?? null,
        repository: directory.repository ?? null,
        revision: done.revision,
        policyDiff: done.policyDiff.digest,
        tests: tests.length,
        ...(before > 0 && tests.length === 0 ? { testsBefore: before } : {}),
        ...(done.modes.length > 0 ? { reportOnly: done.modes.length } : {}),
        plan: planId ?? null,
        commit: commit ?? null,
        author: author ?? null,
      },
      kept: dryRun ? [] : [done.policyDiff],
      signals: done.signals,
    }
  },
})

// Of a plan it is the plan's own, whatever the input says beside; where there is no such plan, none.
const directoryOf = async (tx: AnyTx, input: DirectoryInput & { readonly plan?: string | undefined }, now: Date) => {
  if (input.plan === undefined) return { directory: input.directory }
  const plan = await findPlan(tx, input.plan, now)
  return plan === undefined ? {} : { directory: plan.input.directory }
}

// A plan was judged when it was made.
const assertAlone = (input: DirectoryInput): { readonly judgedOn: undefined } => {
  if (declaredObjects(input).length + input.tests.length > 0)
    throw policyFault('apply_name', { about: 'a plan brings its own directory' })
  return { judgedOn: undefined }
}

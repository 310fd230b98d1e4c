import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { undone } from '../../kit/undone.ts'
import { applyDirectory } from '../apply-directory.ts'
import { createApproving } from '../approving.ts'
import { declaredObjects, keyOf, PARTS } from '../declared-objects.ts'
import { type AppliedView, DirectoryInput, PlannedView, prepareDirectory } from '../directory.ts'
import { exceptionsThen } from '../plan/exceptions-then.ts'
import { liveState } from '../plan/live-state.ts'
import { plannedIds } from '../plan/planned-ids.ts'
import { registerThen } from '../plan/register-then.ts'
import { SystemOwned, systemOwned } from '../plan/system-owned.ts'
import { takeDelta } from '../plan/take-delta.ts'
import { operation } from '../room.ts'
import { allDeclared, type Declared } from '../store-declared.ts'
import { testsInForce } from '../store-directory.ts'
import { insertPlan, sweepPlans } from '../store-plan.ts'
import { testDirectory } from '../testing/test-directory.ts'
import { TestedView } from '../testing/tested-view.ts'
import { applyFaults } from './apply-access.ts'

const PLAN_DAYS = 7
const DAY_MS = 24 * 60 * 60 * 1000

/** Where the objects of a directory stand in its files. */
export const Origins = z
  .partialRecord(z.enum([...PARTS.map(([part]) => part), 'tests']), z.array(z.string().max(300)).max(20_000))
  .default({})
  .describe('the file and line of each object, part by part, for what the plan says')

/** Finds out what applying a directory would do, and keeps it so that exactly this can be applied later. */
export const planAccess = operation.write({
  name: 'policy.access.plan',
  summary: 'say what applying a directory would do, and keep it as a plan that can be applied',
  input: z.strictObject({ ...DirectoryInput.shape, origins: Origins }),
  output: z.object({
    plan: z.string(),
    directory: z.string(),
    expiresAt: z.string(),
    revision: z.object({ before: z.string(), after: z.string() }),
    needsApproval: z.array(z.string()),
    objects: z.array(PlannedView),
    systemOwned: z.array(SystemOwned).describe('what Reeve itself keeps and rotates; no directory holds or changes it'),
    ...TestedView.shape,
    testsInForce: z
      .number()
      .describe('how many tests the directory had when it was last applied; with none now, applying it is refused'),
  }),
  faults: applyFaults,
  prepare: async ({ input: { origins: _, ...input }, ports }) => prepareDirectory(ports, input),
  on: ({ input }) => ({ ...DEPLOYMENT, directory: input.directory }),
  run: async ({ tx, input: { origins, ...input }, prepared, ports, now, caller, newId }) => {
    await sweepPlans(tx, now)
    const id = newId('pln')
    const state = await liveState(tx, ports, input)
    const register = await registerThen(tx, ports)
    const exceptions = await exceptionsThen(tx, ports, now)
    const known = await allDeclared(tx)
    const by = caller.actor.id
    const call = { approval: undefined, operation: 'policy.access.apply', input, requester: by, now, isDryRun: true }
    const approving = createApproving(tx, ports, call)
    const { done, delta, tested } = await undone(tx, async () => {
      const given = { now, by, newId: plannedIds(id), approving, ...prepared }
      const made = await applyDirectory(tx, ports, input, given)
      const judged = await testDirectory(tx, ports, input, { done: made, origins, now })
      return { done: made, delta: await takeDelta(tx, ports, input, made), tested: judged }
    })
    const cause = causes(input, known)
    const objects = done.objects.map((one) => ({
      ...one,
      place: one.at === null ? null : (origins[partOf(one)]?.[one.at] ?? null),
      cause: one.verb === 'unchanged' ? null : cause(one),
    }))
    const expiresAt = new Date(now.getTime() + PLAN_DAYS * DAY_MS)
    const revision = { before: ports.memory.base().revision, after: done.revision }
    const needsApproval = approving.why()
    await insertPlan(tx, {
      id,
      at: now,
      expiresAt,
      by,
      input,
      objects,
      needsApproval,
      reason: needsApproval[0] ?? null,
      revision,
      judgedOn: prepared.judgedOn,
      delta,
      state,
      register,
      exceptions,
    })
    return {
      output: {
        plan: id,
        directory: input.directory,
        expiresAt: expiresAt.toISOString(),
        revision,
        needsApproval: [...needsApproval],
        objects,
        systemOwned: systemOwned(objects),
        ...tested,
        testsInForce: await testsInForce(tx, input.directory),
      },
      evidence: { plan: id, directory: input.directory, revision: done.revision },
    }
  },
})

const partOf = ({ type }: AppliedView) => PARTS.find(([, of]) => of === type)?.[0] ?? 'policies'

// What is declared as it was when it was last applied, and is not so now, was changed outside.
const causes = (input: DirectoryInput, known: readonly Declared[]) => {
  const before = new Map(
    known.filter(({ directory }) => directory === input.directory).map((one) => [keyOf(one), one.digest]),
  )
  const now = new Map(declaredObjects(input).map((one) => [`${one.type} ${one.at}`, one]))
  return (object: AppliedView): 'directory' | 'outside' => {
    const declared = object.at === null ? undefined : now.get(`${object.type} ${object.at}`)
    return declared !== undefined && before.get(keyOf(declared)) === declared.digest ? 'outside' : 'directory'
  }
}

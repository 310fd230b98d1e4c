import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { undone } from '../../kit/undone.ts'
import { applyDirectory } from '../apply-directory.ts'
import { createApproving } from '../approving.ts'
import { DirectoryInput, prepareDirectory } from '../directory.ts'
import { LintView } from '../lint/access-lint.ts'
import { appliedLints } from '../lint/applied-lints.ts'
import { untestedLints } from '../lint/untested-lints.ts'
import { operation } from '../room.ts'
import { testDirectory } from '../testing/test-directory.ts'
import { TestedView } from '../testing/tested-view.ts'
import { applyFaults } from './apply-access.ts'
import { Origins } from './plan-access.ts'

const LINTS_MAX = 1_000

/** Judges the tests of a directory against everything as it would be after applying it, and changes nothing. */
export const testAccess = operation.write({
  name: 'policy.access.test',
  summary:
    'judge the tests of a directory as if it were applied, say what they leave untested, and lint grants and bundles',
  input: z.strictObject({ ...DirectoryInput.shape, origins: Origins }),
  output: z.object({
    directory: z.string(),
    revision: z.string(),
    ...TestedView.shape,
    lints: z
      .array(LintView)
      .describe(`what is likely not meant in grants and bundles, and what is untested; at most ${LINTS_MAX}`),
  }),
  faults: applyFaults,
  prepare: async ({ input: { origins: _, ...input }, ports }) => prepareDirectory(ports, input),
  on: ({ input }) => ({ ...DEPLOYMENT, directory: input.directory }),
  run: async ({ tx, input: { origins, ...input }, prepared, ports, now, caller, newId }) => {
    const by = caller.actor.id
    const call = { approval: undefined, operation: 'policy.access.apply', input, requester: by, now, isDryRun: true }
    const approving = createApproving(tx, ports, call)
    const { done, tested, lints } = await undone(tx, async () => {
      const made = await applyDirectory(tx, ports, input, { now, by, newId, approving, ...prepared })
      const judged = await testDirectory(tx, ports, input, { done: made, origins, now })
      return { done: made, tested: judged, lints: await appliedLints(tx, ports, made, { origins, now }) }
    })
    const failed = tested.tests.filter(({ isPassed }) => !isPassed).length
    return {
      output: {
        directory: input.directory,
        revision: done.revision,
        ...tested,
        lints: [...lints, ...untestedLints(tested.coverage)].slice(0, LINTS_MAX),
      },
      evidence: { directory: input.directory, revision: done.revision, tests: tested.tests.length, failed },
    }
  },
})

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { undone } from '../../kit/undone.ts'
import { applyDirectory } from '../apply-directory.ts'
import { createApproving } from '../approving.ts'
import { DirectoryInput, prepareDirectory } from '../directory.ts'
import { operation } from '../room.ts'
import { testDirectory } from '../testing/test-directory.ts'
import { TestedView } from '../testing/tested-view.ts'
import { applyFaults } from './apply-access.ts'
import { Origins } from './plan-access.ts'

/** Judges the tests of a directory against everything as it would be after applying it, and changes nothing. */
export const testAccess = operation.write({
  name: 'policy.access.test',
  summary: 'judge the tests of a directory as if it were applied, and say what they leave untested',
  input: z.strictObject({ ...DirectoryInput.shape, origins: Origins }),
  output: z.object({ directory: z.string(), revision: z.string(), ...TestedView.shape }),
  faults: applyFaults,
  prepare: async ({ input: { origins: _, ...input }, ports }) => prepareDirectory(ports, input),
  on: () => DEPLOYMENT,
  run: async ({ tx, input: { origins, ...input }, prepared, ports, now, caller, newId }) => {
    const by = caller.actor.id
    const call = { approval: undefined, operation: 'policy.access.apply', input, requester: by, now, isDryRun: true }
    const approving = createApproving(tx, ports, call)
    const { done, tested } = await undone(tx, async () => {
      const made = await applyDirectory(tx, ports, input, { now, by, newId, approving, ...prepared })
      return { done: made, tested: await testDirectory(tx, ports, input, { done: made, origins, now }) }
    })
    const failed = tested.tests.filter(({ isPassed }) => !isPassed).length
    return {
      output: { directory: input.directory, revision: done.revision, ...tested },
      evidence: { directory: input.directory, revision: done.revision, tests: tested.tests.length, failed },
    }
  },
})

import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { policyFault } from '../faults.ts'
import { operation } from '../room.ts'
import { PolicyTextInput } from '../shapes.ts'
import { findText } from '../store-set.ts'

/** Shows a stored policy text. */
export const showSet = operation.read({
  name: 'policy.set.show',
  summary: 'show a stored file of policies by its name',
  input: z.strictObject({ name: PolicyTextInput.shape.name }),
  output: z.object({ name: z.string(), file: z.string(), text: z.string(), directory: z.string().nullable() }),
  faults: ['policy_not_found'],
  on: () => DEPLOYMENT,
  run: async ({ db, input }) => {
    const found = await findText(db, input.name)
    if (found === undefined) throw policyFault('policy_not_found', { about: input.name })
    return { output: { ...found }, evidence: { set: found.name } }
  },
})

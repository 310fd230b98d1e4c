import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { policyFault } from '../faults.ts'
import { operation } from '../room.ts'
import { Reference } from '../shapes.ts'
import { ApplicationView } from '../shapes-application.ts'
import { findApplication } from '../store-application.ts'

/** Shows an application with its types and what is registered of each. */
export const showApplication = operation.read({
  name: 'policy.application.show',
  summary: 'show an application: its types, their actions and what is registered of each',
  input: z.strictObject({ application: Reference }),
  output: ApplicationView,
  faults: ['application_not_found'],
  on: () => DEPLOYMENT,
  run: async ({ db, input }) => {
    const found = await findApplication(db, input.application)
    if (found === undefined) throw policyFault('application_not_found', { about: input.application })
    const view = ApplicationView.parse(found)
    return { output: view, evidence: { application: view.name } }
  },
})

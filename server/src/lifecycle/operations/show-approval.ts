import { z } from 'zod'
import { ApprovalOutput, toApprovalOutput } from '../approval-shape.ts'
import { getApproval, subjectOf } from '../cast-vote.ts'
import { operation } from '../room.ts'
import { votesOn } from '../store-approval.ts'

/** Shows a request for approval with its votes. */
export const showApproval = operation.read({
  name: 'lifecycle.approval.show',
  summary: 'show a request for approval, what it is for, and who said what',
  input: z.strictObject({ approval: z.string().min(1).max(64) }),
  output: ApprovalOutput,
  faults: [],
  on: ({ db, input, ports, caller }) => subjectOf(ports, db, input.approval, caller),
  run: async ({ db, input, now }) => {
    const approval = await getApproval(db, input.approval)
    return {
      output: toApprovalOutput(approval, await votesOn(db, approval.id), now),
      evidence: { approval: approval.id },
    }
  },
})

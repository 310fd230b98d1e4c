import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { ApprovalOutput, toApprovalOutput } from '../approval-shape.ts'
import { castVote, subjectOf, VOTE_FAULTS } from '../cast-vote.ts'
import { operation } from '../room.ts'

/** Refuses a request of somebody else, for good. */
export const refuseApproval = operation.write({
  name: 'lifecycle.approval.refuse',
  summary: 'refuse a request that somebody else made, with a reason',
  input: z.strictObject({ approval: z.string().min(1).max(64), reason: Line(500) }),
  output: ApprovalOutput,
  faults: VOTE_FAULTS,
  principals: ['human'],
  on: ({ tx, input, ports, caller }) => subjectOf(ports, tx, input.approval, caller),
  run: async ({ tx, input, caller, now }) => {
    const { approval: id, reason } = input
    const { approval, votes } = await castVote(tx, { id, verdict: 'refuse', reason, caller, now })
    return {
      output: toApprovalOutput(approval, votes, now),
      approval: approval.id,
      change: [{ field: 'state', before: 'requested', after: 'refused' }],
      evidence: { operation: approval.operation, digest: approval.digest, requester: approval.requester, reason },
    }
  },
})

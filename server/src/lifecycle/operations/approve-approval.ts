import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { ApprovalOutput, toApprovalOutput } from '../approval-shape.ts'
import { castVote, subjectOf, VOTE_FAULTS } from '../cast-vote.ts'
import { operation } from '../room.ts'

/** Approves a request of somebody else. */
export const approveApproval = operation.write({
  name: 'lifecycle.approval.approve',
  summary: 'approve a request that somebody else made',
  input: z.strictObject({ approval: z.string().min(1).max(64), reason: Line(500).optional() }),
  output: ApprovalOutput,
  faults: VOTE_FAULTS,
  principals: ['human'],
  on: ({ tx, input, ports, caller }) => subjectOf(ports, tx, input.approval, caller),
  run: async ({ tx, input, caller, now }) => {
    const { approval: id, reason = '' } = input
    const { approval, votes } = await castVote(tx, { id, verdict: 'approve', reason, caller, now })
    return {
      output: toApprovalOutput(approval, votes, now),
      approval: approval.id,
      change: approval.state === 'approved' ? [{ field: 'state', before: 'requested', after: 'approved' }] : [],
      evidence: { operation: approval.operation, digest: approval.digest, requester: approval.requester, reason },
    }
  },
})

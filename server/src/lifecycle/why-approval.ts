import type { AnyDb } from '../kit/database.ts'
import { type Caller, type Subject, UNOWNED } from '../kit/operation.ts'
import { approvalSubject, toApprovalOutput } from './approval-shape.ts'
import type { LifecyclePorts } from './room.ts'
import { findApproval, votesOn } from './store-approval.ts'

/** Answers `why` for requests for approval (`apr_…`): what for, whose word it takes and why, who said what, and the next step. */
export const whyApproval = async (db: AnyDb, id: string, now: Date) => {
  const approval = await findApproval(db, id)
  if (approval === undefined) return undefined
  const { operation, reason, requester, state, votes, why, need, ...moments } = toApprovalOutput(
    approval,
    await votesOn(db, id),
    now,
  )
  return {
    id,
    summary: `${requester.name ?? requester.id} asked for the approval of ${operation}: it is ${state}`,
    because: [
      `asked for at ${moments.createdAt}: ${reason}`,
      ...why.map((each) => `it is needed (${need}), since ${each}`),
      ...votes.map((vote) => `${vote.name ?? vote.person} said ${vote.verdict} at ${vote.at}: ${vote.reason}`),
      moments.usedAt === null ? `it can be used until ${moments.expiresAt}` : `it was used at ${moments.usedAt}, once`,
    ],
    policies: [],
    missing: [],
    wouldAllow: null,
    next: NEXT[state](id, operation),
  }
}

/** Whose a request for approval is, as far as the caller has a role in it; nobody's where there is none. */
export const aboutApproval =
  (ports: Pick<LifecyclePorts, 'teams'>) =>
  async (db: AnyDb, id: string, caller: Caller): Promise<Subject> => {
    const approval = await findApproval(db, id)
    return approval === undefined ? UNOWNED : approvalSubject(ports, db, approval.needed.teams, caller)
  }

const NEXT: Readonly<Record<ReturnType<typeof toApprovalOutput>['state'], (id: string, operation: string) => string>> =
  {
    requested: (id) =>
      `read what it is for with \`reeve approval show ${id}\`, then \`reeve approve ${id}\` or \`reeve refuse ${id}\``,
    approved: (id) => `whoever asked makes the call, with \`--approval ${id}\``,
    refused: () => 'change what was refused, and ask again with `reeve request`',
    used: (_, operation) => `see what was done with it: \`reeve audit search --kind ${operation}\``,
    expired: () => 'ask again with `reeve request`',
  }

import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { type Caller, type RoleHeld, type Subject, UNOWNED } from '../kit/operation.ts'
import { Moment } from '../kit/text.ts'
import { NEEDS } from './domain/approval.ts'
import { ROLES } from './domain/role.ts'
import type { LifecyclePorts } from './room.ts'
import type { Approval, CastVote } from './store-approval.ts'

/** How a request for approval stands, as answered; `expired` is whatever was not used in time. */
const APPROVAL_STATES_SHOWN = ['requested', 'approved', 'refused', 'used', 'expired'] as const

const VoteOutput = z.object({
  person: z.string(),
  name: z.string().nullable(),
  verdict: z.enum(['approve', 'refuse']),
  reason: z.string(),
  at: Moment,
})

/** A request for approval as answered, with the very input that is approved. */
export const ApprovalOutput = z.object({
  id: z.string(),
  operation: z.string(),
  input: z.record(z.string(), z.unknown()),
  digest: z.string(),
  reason: z.string(),
  need: z.enum(NEEDS),
  teams: z.array(z.string().nullable()).describe('whose word it takes; null stands for what no team owns'),
  why: z.array(z.string()).describe('why it is needed'),
  requester: z.object({ id: z.string(), name: z.string().nullable() }),
  state: z.enum(APPROVAL_STATES_SHOWN),
  votes: z.array(VoteOutput),
  createdAt: Moment,
  expiresAt: Moment,
  decidedAt: Moment.nullable(),
  usedAt: Moment.nullable(),
})

const Bound = z.object({ input: z.record(z.string(), z.unknown()) })

/** Writes a request for the wire. */
export const toApprovalOutput = (
  approval: Approval,
  votes: readonly CastVote[],
  now: Date,
): z.infer<typeof ApprovalOutput> => ({
  id: approval.id,
  operation: approval.operation,
  input: Bound.parse(JSON.parse(approval.text)).input,
  digest: approval.digest,
  reason: approval.reason,
  need: approval.needed.need,
  teams: [...approval.needed.teams],
  why: [...approval.needed.why],
  requester: { id: approval.requester, name: approval.requesterName },
  state: isOver(approval, now) ? 'expired' : approval.state,
  votes: votes.map((vote) => ({
    person: vote.person,
    name: vote.personName,
    verdict: vote.verdict,
    reason: vote.reason,
    at: vote.at.toISOString(),
  })),
  createdAt: approval.createdAt.toISOString(),
  expiresAt: approval.expiresAt.toISOString(),
  decidedAt: approval.decidedAt?.toISOString() ?? null,
  usedAt: approval.usedAt?.toISOString() ?? null,
})

/**
 * A request for approval as what an operation is about: the team that owns what is to be approved. Where that takes the
 * word of several, it is about each of them, and so about the one that the caller has a role in: first of all a role
 * with a say, or who only looks on in one of them could not approve for another.
 */
export const approvalSubject = async (
  ports: Pick<LifecyclePorts, 'teams'>,
  db: AnyDb,
  teams: readonly (string | null)[],
  caller: Pick<Caller, 'roles'>,
): Promise<Subject> => {
  const holds = (team: string | null, of: readonly RoleHeld['role'][]): boolean =>
    team !== null && caller.roles.some((held) => held.team === team && of.includes(held.role))
  const own = teams.find((team) => holds(team, WITH_A_SAY)) ?? teams.find((team) => holds(team, ROLES))
  const team = own ?? teams[0] ?? null
  if (team === null) return UNOWNED
  const found = await ports.teams.find(db, team)
  return { type: 'Team', id: team, name: found?.name ?? null, environment: null, team }
}

const WITH_A_SAY = ['approver', 'admin', 'owner'] as const

const isOver = ({ state, expiresAt }: Approval, now: Date): boolean =>
  (state === 'requested' || state === 'approved') && expiresAt <= now

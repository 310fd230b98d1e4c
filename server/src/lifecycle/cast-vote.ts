import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { Caller, Subject } from '../kit/operation.ts'
import { approvalSubject } from './approval-shape.ts'
import { hasSay, isEnough } from './domain/approval.ts'
import { fault } from './faults.ts'
import type { LifecyclePorts } from './room.ts'
import type { LifecycleTables } from './schema.ts'
import { standingVotes } from './standing-votes.ts'
import {
  type Approval,
  type CastVote,
  decideApproval,
  findApproval,
  insertVote,
  lockUndecided,
  votesOn,
} from './store-approval.ts'

/** The codes that casting a vote may raise. */
export const VOTE_FAULTS = [
  'approval_expired',
  'approval_decided',
  'approval_voted',
  'approver_is_requester',
  'not_an_approver',
] as const

/** Casts one person's vote on a request and decides it when that is enough; one refusal refuses. */
export const castVote = async (
  tx: Transaction<LifecycleTables>,
  vote: { id: string; verdict: 'approve' | 'refuse'; reason: string; caller: Caller; now: Date },
): Promise<{ readonly approval: Approval; readonly votes: readonly CastVote[] }> => {
  const { id, caller, now } = vote
  const isUndecided = await lockUndecided(tx, id, now)
  const found = await getApproval(tx, id)
  const person = caller.actor.id ?? ''
  if (person === found.requester) throw fault('approver_is_requester')
  if (!hasSay(caller.roles, found.needed)) throw fault('not_an_approver')
  // Or a stolen session of an admin could not be removed from the account that it acts as.
  if (vote.verdict === 'refuse' && isAbout(found, person))
    throw fault('not_an_approver', { about: 'nobody refuses what is about themselves' })
  if (!isUndecided) throw fault(found.state === 'requested' ? 'approval_expired' : 'approval_decided')
  const roles = caller.roles.map(({ role, team }) => ({ role, team }))
  const cast = { person, personName: caller.actor.name, verdict: vote.verdict, roles, reason: vote.reason, at: now }
  if (!(await insertVote(tx, id, cast))) throw fault('approval_voted')
  if (vote.verdict === 'refuse') await decideApproval(tx, id, 'refused', now)
  else if (await isApproved(tx, found, person)) await decideApproval(tx, id, 'approved', now)
  return { approval: await getApproval(tx, id), votes: await votesOn(tx, id) }
}

/** Whether the votes are enough now; throws when the vote that was just cast does not count. */
const isApproved = async (tx: Transaction<LifecycleTables>, found: Approval, person: string): Promise<boolean> => {
  const votes = await standingVotes(tx, found)
  const own = votes.find((each) => each.person === person)?.roles ?? []
  if (!hasSay(own, found.needed))
    throw fault('not_an_approver', { about: 'you are one by the requester, or made them' })
  return isEnough({ needed: found.needed, requester: found.requester, votes })
}

/** Whether it would change or remove this very person. */
const isAbout = ({ operation, text }: Approval, person: string): boolean =>
  operation.startsWith('lifecycle.person.') && OfPerson.safeParse(JSON.parse(text)).data?.input.person === person

const OfPerson = z.object({ input: z.object({ person: z.string() }) })

/** The request. Throws not_found. */
export const getApproval = async (db: Parameters<typeof findApproval>[0], id: string): Promise<Approval> => {
  const found = await findApproval(db, id)
  if (found === undefined) throw coreFault('not_found')
  return found
}

/** The request as what an operation is about. */
export const subjectOf = async (ports: LifecyclePorts, db: AnyDb, id: string, caller: Caller): Promise<Subject> =>
  approvalSubject(ports, db, (await getApproval(db, id)).needed.teams, caller)

import type { Transaction } from 'kysely'
import type { Needed } from '../settings.ts'
import { isEnough } from './domain/approval.ts'
import { isDeciding, type Role } from './domain/role.ts'
import type { LifecycleTables } from './schema.ts'
import { type CastVote, votesOn } from './store-approval.ts'
import { type HeldSay, heldSay, inviterOf } from './store-person.ts'

/** What is voted on: who must approve it, and who asked. */
export interface VotedOn {
  readonly id: string
  readonly needed: Needed
  readonly requester: string
}

/**
 * The votes on a request as they count now: with those roles of the time of voting that the person still holds, which
 * are none once the person was removed. What somebody has from the requester does not count either: not from whom the
 * requester invited, and not by a role that the requester gave.
 * INVARIANT: while those who owe the requester nothing could not approve it together, the others count, or the first
 * two people of a deployment could never approve anything.
 * Nor does it count the other way round, from whom the requester was invited by: one could ask as a person of one's own
 * making and approve it. Who is an approver or admin took two people, and is nobody's making.
 */
export const standingVotes = async (tx: Transaction<LifecycleTables>, on: VotedOn): Promise<readonly CastVote[]> => {
  const votes = await votesOn(tx, on.id)
  const held = await countedFor(tx, on.requester)
  const free = held.filter((each) => !isFrom(on.requester, each))
  const isFreeEnough = isEnough({
    needed: on.needed,
    requester: on.requester,
    votes: Array.from(
      Map.groupBy(free, ({ person }) => person),
      ([person, roles]) => ({
        person,
        verdict: 'approve',
        roles,
      }),
    ),
  })
  const counted = isFreeEnough ? free : held
  return votes.map((vote) => ({
    ...vote,
    roles: vote.roles.filter((role) => counted.some((each) => each.person === vote.person && isSame(each, role))),
  }))
}

const countedFor = async (tx: Transaction<LifecycleTables>, requester: string): Promise<readonly HeldSay[]> => {
  const held = await heldSay(tx)
  if (held.some((each) => each.person === requester && isDeciding(each))) return held
  const inviter = await inviterOf(tx, requester)
  return held.filter(({ person }) => person !== inviter)
}

const isFrom = (requester: string, { invitedBy, givenBy }: HeldSay): boolean =>
  invitedBy === requester || givenBy === requester

const isSame = (a: Role, b: Role): boolean => a.role === b.role && a.team === b.team

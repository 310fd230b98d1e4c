import type { Transaction } from 'kysely'
import type { Role } from './domain/role.ts'
import type { LifecycleTables } from './schema.ts'
import { type CastVote, votesOn } from './store-approval.ts'
import { heldSay } from './store-person.ts'

/**
 * The votes on a request as they count now: with those roles of the time of voting that the person still holds, which
 * are none once the person was removed.
 */
export const standingVotes = async (
  tx: Transaction<LifecycleTables>,
  approval: string,
): Promise<readonly CastVote[]> => {
  const votes = await votesOn(tx, approval)
  const held = await heldSay(tx)
  return votes.map((vote) => ({
    ...vote,
    roles: vote.roles.filter((role) => held.some((each) => each.person === vote.person && isSame(each, role))),
  }))
}

const isSame = (a: Role, b: Role): boolean => a.role === b.role && a.team === b.team

import type { AnyDb } from '../kit/database.ts'
import type { Need } from './domain/approval.ts'
import { identityOf } from './exception-shape.ts'
import type { LifecyclePorts } from './room.ts'

/** Whose word is needed for a call, as far as its input says. */
export interface About {
  readonly team: string | null
  readonly need: Need
}

// The members by which inputs name an identity, and those by which they name a team.
const IDENTITY_MEMBERS = ['identity', 'id', 'subject'] as const
const TEAM_MEMBERS = ['owner', 'team'] as const

/**
 * Finds the identity or the team that an input names. What it says decides who is asked; what counts is judged again
 * when the approval is spent, by what the spender knows of the owner.
 */
export const aboutInput = async (ports: LifecyclePorts, db: AnyDb, input: unknown): Promise<About> => {
  for (const text of textsOf(input, IDENTITY_MEMBERS)) {
    const identity = await ports.identities.find(db, identityOf(text))
    if (identity === undefined) continue
    const need = identity.tier === 'high' ? 'security-and-owner' : 'one'
    // What gives an identity to another team is for that team to say.
    const [owner] = textsOf(input, ['owner'])
    const receiver = owner === undefined ? undefined : await ports.teams.find(db, owner)
    return { team: receiver?.id ?? identity.owner.id, need }
  }
  for (const text of textsOf(input, TEAM_MEMBERS)) {
    const team = await ports.teams.find(db, text)
    if (team !== undefined) return { team: team.id, need: 'one' }
  }
  return { team: null, need: 'one' }
}

const textsOf = (input: unknown, members: readonly string[]): readonly string[] => {
  const fields = new Map<string, unknown>(Object.entries(input ?? {}))
  return members.map((member) => fields.get(member)).filter((value) => typeof value === 'string')
}

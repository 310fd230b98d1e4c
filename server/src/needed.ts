import { type Need, type Needed, TIERS, type Tier } from './settings.ts'

/** What something of this tier needs approved; what its tier approves by itself takes one approver all the same. */
export const neededAt = (tier: Tier, teams: readonly (string | null)[], why: string): Needed => {
  const asked = TIERS[tier].approval
  return { need: asked === 'automatic' ? 'one' : asked, teams, why: [why] }
}

/** What several things together need approved; undefined where there is none. */
export const neededTogether = (several: readonly Needed[]): Needed | undefined => {
  if (several.length === 0) return undefined
  const need: Need = BY_STRENGTH.find((one) => several.some((each) => each.need === one)) ?? 'one'
  return {
    need,
    teams: [...new Set(several.flatMap(({ teams }) => teams))].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)),
    why: [...new Set(several.flatMap(({ why }) => why))],
  }
}

// What takes an approver or admin (people's roles, and what is as much) takes nothing else.
const BY_STRENGTH: readonly Need[] = ['security-and-owner', 'one', 'approver-or-admin']

const RANK: Readonly<Record<Tier, number>> = { low: 0, medium: 1, high: 2 }

/** Whether the first tier is of more risk than the second. */
export const isHigher = (one: Tier, other: Tier): boolean => RANK[one] > RANK[other]

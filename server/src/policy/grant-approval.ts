import { TIERS } from '../settings.ts'
import type { Resource } from './domain/resource.ts'
import type { Need, PolicyIdentity } from './room.ts'

/** What a grant needs an approval for by whom it concerns, and whose word it takes if it needs one for any reason. */
export interface GrantApproval {
  readonly reason: string | undefined
  readonly team: string
  readonly need: Need
}

// No team is called this, so that of one approver only one of everything (security) is enough.
const NO_TEAM = ''
const RANK: Readonly<Record<PolicyIdentity['tier'], number>> = { low: 0, medium: 1, high: 2 }

/**
 * Judges a grant by the tier that it leads to and by who owns what it reaches: the owner of the identity cannot raise
 * it alone, and no team opens what is another's.
 */
export const approvalFor = (
  before: PolicyIdentity,
  tier: PolicyIdentity['tier'],
  resources: readonly Resource[],
): GrantApproval => {
  const raised = RANK[tier] > RANK[before.tier] ? `${before.name} becomes of ${tier} tier` : undefined
  const foreign = resources.filter(({ owner }) => owner !== null && owner !== before.owner.id)
  const [first] = foreign
  const asked = TIERS[tier].approval
  // Of two, one is a security approver by definition; the other stands for the owner of the identity.
  const need = asked === 'automatic' ? 'one' : asked
  const owners = [...new Set(foreign.map(({ owner }) => owner ?? NO_TEAM))]
  const team = first === undefined || need !== 'one' ? before.owner.id : owners.length === 1 ? owners[0] : NO_TEAM
  return {
    reason: raised ?? (first === undefined ? undefined : `${first.name} belongs to another team`),
    team: team ?? NO_TEAM,
    need,
  }
}

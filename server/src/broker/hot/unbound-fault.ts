import type { Fault } from '../../kit/fault.ts'
import type { Tier, TierRules } from '../../settings.ts'
import { fault } from '../faults.ts'

/** Why the tier refuses a token that whoever has it could use, or undefined when it does not. */
export const unboundFault = (
  tiers: Readonly<Record<Tier, TierRules>>,
  tier: Tier,
  boundTo: object | undefined,
): Fault | undefined =>
  boundTo === undefined && tiers[tier].senderConstrained === 'required'
    ? fault('sender_constraint_required', { about: tier })
    : undefined

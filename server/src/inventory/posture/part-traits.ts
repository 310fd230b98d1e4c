import type { Identity } from '../domain/identity.ts'

/** A trait of the register, without its prefix, and its detail. */
export type Told = readonly [trait: string, detail: string]

/** What the register says of an identity that has a part in something shared. */
export const partTraits = (identity: Identity): readonly Told[] => [
  ...[['unit', identity.tags.business_unit] as const, ['application', identity.tags.application] as const].flatMap(
    ([trait, value]) => (value === undefined ? [] : [[trait, value] as const]),
  ),
  ...readingTraits(identity),
]

/** That it only reads, at low risk: what alone may stay shared. */
export const readingTraits = ({ tier, effectiveBlastRadius }: Identity): readonly Told[] =>
  tier === 'low' && effectiveBlastRadius === 'read-only'
    ? [['low-risk-reading', 'its tier is low, and it only reads']]
    : []

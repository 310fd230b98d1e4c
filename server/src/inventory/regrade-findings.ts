import type { ReportedFinding } from '../reported-finding.ts'
import type { Identity } from './domain/identity.ts'
import { isWider } from './domain/tier.ts'

const TEXT_CHARS_MAX = 1000

/** What there is to say when the tier of an identity rose without anybody giving it anything. */
export const tierFindings = (
  before: Identity,
  after: Identity,
  refused: readonly string[],
): readonly ReportedFinding[] => {
  const { id, name, tier, effectiveBlastRadius: effective } = after
  const declared = after.classification.blastRadius
  const common = {
    severity: tier === 'high' ? 'high' : 'medium',
    confidence: 'high',
    identity: id,
    where: null,
  } as const
  const risen: ReportedFinding = {
    ...common,
    fingerprint: `tier-rose:${id}:${tier}`,
    rule: 'tier-rose',
    owasp: 'NHI5',
    title: `${name} became of ${tier} tier`,
    why: 'what it may access turned out to be worth more protection than its tier gave',
    fix:
      refused.length === 0
        ? 'look whether it still needs all that it was granted'
        : 'replace what its tier no longer allows, or end the grants that it does not need',
    evidence: {
      before: before.tier,
      after: tier,
      refused: refused.join('; ').slice(0, TEXT_CHARS_MAX),
    },
  }
  if (!isWider(effective, declared)) return [risen]
  const below: ReportedFinding = {
    ...common,
    fingerprint: `class-below-rights:${id}`,
    rule: 'class-below-rights',
    owasp: 'NHI5',
    title: `${name} is declared ${declared} and is ${effective}`,
    why: 'whoever reads the declaration takes it for less dangerous than it is',
    fix: 'declare the blast radius that it has, or end the grants that exceed what was declared',
    evidence: { declared, effective },
  }
  return [risen, below]
}

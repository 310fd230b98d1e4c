import type { Reason } from './room.ts'
import type { Finding } from './store-finding.ts'

/** Why a finding is there, and why it stands as it does. */
export const findingReason = (finding: Finding): Reason => ({
  id: finding.id,
  summary: `${finding.severity}: ${finding.title}`,
  because: [
    finding.why,
    `rule ${finding.rule} (${finding.owasp}) saw it${finding.where === null ? '' : ` at ${finding.where}`}, with ${finding.confidence} confidence`,
    ...Object.entries(finding.evidence).map(([name, text]) => (/^\d+$/.test(name) ? text : `${name}: ${text}`)),
    `${finding.source} reported it first at ${finding.firstSeenAt.toISOString()} and last at ${finding.lastSeenAt.toISOString()}`,
    ...standing(finding),
  ],
  policies: [],
  missing: [],
  wouldAllow: null,
  next: finding.fix,
})

const standing = ({ accepted, closedAt }: Finding): readonly string[] => {
  if (closedAt !== null) return [`it is closed since ${closedAt.toISOString()}, because it was not seen any more`]
  if (accepted === null) return []
  const { by, reason, until } = accepted
  return [`${by ?? 'somebody'} accepted it until ${until.toISOString()}: ${reason}`]
}

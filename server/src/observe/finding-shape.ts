import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { type Subject, UNOWNED } from '../kit/operation.ts'
import { Moment } from '../kit/text.ts'
import { CONFIDENCES, SEVERITIES, STATES } from './domain/finding.ts'
import type { ObservePorts } from './room.ts'
import type { Finding } from './store-finding.ts'

/** A finding as answered. */
export const FindingOutput = z.object({
  id: z.string(),
  source: z.string(),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  confidence: z.enum(CONFIDENCES),
  owasp: z.string(),
  title: z.string(),
  why: z.string(),
  fix: z.string(),
  identity: z.string().nullable(),
  sighting: z.string().nullable(),
  where: z.string().nullable(),
  evidence: z.record(z.string(), z.string()),
  fingerprint: z.string(),
  state: z.enum(STATES),
  firstSeenAt: Moment,
  lastSeenAt: Moment,
  closedAt: Moment.nullable(),
  accepted: z.object({ by: z.string().nullable(), reason: z.string(), at: Moment, until: Moment }).nullable(),
})

/** Writes a finding for the wire. */
export const toFindingOutput = (finding: Finding): z.infer<typeof FindingOutput> => ({
  ...finding,
  evidence: { ...finding.evidence },
  firstSeenAt: finding.firstSeenAt.toISOString(),
  lastSeenAt: finding.lastSeenAt.toISOString(),
  closedAt: finding.closedAt?.toISOString() ?? null,
  accepted: finding.accepted && {
    by: finding.accepted.by,
    reason: finding.accepted.reason,
    at: finding.accepted.at.toISOString(),
    until: finding.accepted.until.toISOString(),
  },
})

/** The identity, by id or name, as what an operation is about; what is no team's when there is none. */
export const identitySubject = async (ports: ObservePorts, db: AnyDb, idOrName: string | null): Promise<Subject> => {
  const found = idOrName === null ? undefined : await ports.identities.find(db, idOrName)
  if (found === undefined) return UNOWNED
  const { id, name, environment, owner } = found
  return { type: 'Identity', id, name, environment, team: owner.id }
}

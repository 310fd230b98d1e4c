import { SHARING_RULES } from '@reeve/scan/posture'
import { z } from 'zod'
import type { AnyDb } from '../../kit/database.ts'
import { momentIn, WrittenMoment } from '../../kit/moment.ts'
import { Line } from '../../kit/text.ts'
import { fault } from '../faults.ts'
import { FindingOutput, identitySubject, toFindingOutput } from '../finding-shape.ts'
import { riskSignals } from '../open-risk.ts'
import { type ObservePorts, operation } from '../room.ts'
import { acceptFinding as markAccepted } from '../store-finding.ts'
import { findingOf } from './show-finding.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS_MAX = 180

/** Accepts a finding for a while; it opens again by itself. */
export const acceptFinding = operation.write({
  name: 'observe.finding.accept',
  summary: 'accept a finding until a moment, with a reason; it opens again by itself',
  input: z.strictObject({ finding: z.string().min(1).max(64), reason: Line(500), expiresAt: WrittenMoment }),
  output: FindingOutput,
  faults: ['finding_closed', 'acceptance_out_of_range', 'sharing_not_low_risk'],
  on: async ({ tx, input, ports }) => identitySubject(ports, tx, (await findingOf(tx, input.finding)).identity),
  run: async ({ tx, input, caller, now, ports }) => {
    const { finding: id, reason } = input
    const until = momentIn('expiresAt', input.expiresAt, now)
    if (until <= now || until.getTime() > now.getTime() + DAYS_MAX * DAY_MS) throw fault('acceptance_out_of_range')
    const before = await findingOf(tx, id)
    if (SHARING_RULES.has(before.rule) && !(await isLowRiskReading(tx, ports, before.identity)))
      throw fault('sharing_not_low_risk')
    if (!(await markAccepted(tx, { id, by: caller.actor.id, reason, now, until }))) throw fault('finding_closed')
    return {
      output: toFindingOutput(await findingOf(tx, id)),
      change: [{ field: 'state', before: before.state, after: 'accepted' }],
      evidence: { finding: id, rule: before.rule, reason, expiresAt: until.toISOString() },
      signals: riskSignals([before.identity]),
    }
  },
})

const isLowRiskReading = async (db: AnyDb, ports: ObservePorts, identity: string | null): Promise<boolean> => {
  const found = identity === null ? undefined : await ports.identities.find(db, identity)
  return found?.tier === 'low' && found.blastRadius === 'read-only'
}

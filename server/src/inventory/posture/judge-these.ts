import { type Finding, judge, riskOf } from '@reeve/scan/posture'
import type { AnyDb, AnyTx } from '../../kit/database.ts'
import type { Identity } from '../domain/identity.ts'
import { placeText } from '../domain/sighting.ts'
import type { JudgedFinding, PosturePorts } from '../room.ts'
import { keepRisks } from '../store-risk.ts'
import { gatherFacts } from './gather-facts.ts'
import { identitySighting } from './identity-sighting.ts'

/** Judges identities by the rules of scans: what is wrong with them, and how risky each is, to be kept in the same transaction. */
export const judgeThese = async (
  db: AnyDb,
  ports: PosturePorts,
  identities: readonly Identity[],
  now: Date,
): Promise<{ readonly findings: readonly JudgedFinding[]; keep(tx: AnyTx): Promise<void> }> => {
  const sightings = (await gatherFacts(db, ports, identities, now)).map((facts) => identitySighting(facts, now))
  const owners = new Map(identities.map((identity) => [identity.id, identity]))
  const risks = sightings.flatMap((sighting) => {
    const identity = owners.get(sighting.stableKey)
    if (identity === undefined) return []
    return [{ ...riskOf(sighting), identityId: identity.id, name: identity.name, judgedAt: now }]
  })
  return {
    findings: judge({ sightings, now }).map((finding) => judged(finding, finding.sighting, null)),
    keep: (tx) => keepRisks(tx, risks),
  }
}

/** A finding of the rules as the port takes it. */
export const judged = (finding: Finding, identity: string | null, sighting: string | null): JudgedFinding => {
  const { where, evidence, ...rest } = finding
  return {
    ...rest,
    identity,
    sighting,
    where: placeText(where),
    evidence: Object.fromEntries(evidence.slice(0, 20).map((text, at) => [String(at + 1), text])),
  }
}

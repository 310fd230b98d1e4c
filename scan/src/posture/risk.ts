import type { Sighting } from '../report.ts'
import { MEANINGS, type Meaning, meaningsOf } from './meaning.ts'
import { RISK_MAX, RISK_NAMES, RISK_POINTS, RISK_PRODUCTION, RISK_UNOWNED } from './risk-factors.ts'

/** One reason for a score. */
export interface RiskFactor {
  readonly factor: Meaning | 'production' | 'unowned'
  readonly points: number
  readonly why: string
  /** The first facts that it rests on, with their places. */
  readonly evidence: readonly string[]
}

/** How risky an identity is, from 0 to 100, and every reason for it, the weightiest first. */
export interface Risk {
  readonly score: number
  readonly factors: readonly RiskFactor[]
  /** Privileged, long-lived and reachable from the internet at once: what the standing report is about. */
  readonly isHigh: boolean
}

const EVIDENCE_MAX = 3

/** The risk of an identity, by named factors alone: the points of each are in `risk-factors.ts`. */
export const riskOf = (sighting: Sighting): Risk => {
  const meanings = meaningsOf(sighting)
  const factors: RiskFactor[] = MEANINGS.flatMap((factor) => {
    const traits = meanings.get(factor)
    if (traits === undefined) return []
    const evidence = traits.slice(0, EVIDENCE_MAX).map(({ detail, where }) => `${detail} (${where.path}:${where.line})`)
    return [{ factor, points: RISK_POINTS[factor], why: RISK_NAMES[factor], evidence }]
  })
  // Where it is makes a risk worse, and is none by itself.
  if (factors.length > 0 && sighting.environment?.value === 'production')
    factors.push({
      ...{ factor: 'production', points: RISK_PRODUCTION, why: 'it works in production' },
      evidence: [sighting.environment.because],
    })
  if (sighting.ownerHint === null)
    factors.push({ factor: 'unowned', points: RISK_UNOWNED, why: 'nobody is known to own it', evidence: [] })
  factors.sort((one, other) => other.points - one.points)
  const sum = factors.reduce((points, factor) => points + factor.points, 0)
  return { score: Math.min(RISK_MAX, sum), factors, isHigh: isHighRisk(meanings) }
}

/** Whether an identity is privileged, long-lived and reachable from the internet at once. */
export const isHighRisk = (meanings: ReadonlyMap<Meaning, unknown>): boolean =>
  meanings.has('privileged') && meanings.has('long-lived') && meanings.has('reachable')

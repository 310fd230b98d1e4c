import { z } from 'zod'
import type { StoredRisk } from './store-risk.ts'

/** How risky an identity is, and why, as callers see it. */
export const RiskView = z.object({
  identity: z.string(),
  name: z.string(),
  score: z.number().int().describe('0 to 100'),
  isHigh: z.boolean().describe('privileged, long-lived and reachable from the internet at once'),
  factors: z.array(
    z.object({ factor: z.string(), points: z.number().int(), why: z.string(), evidence: z.array(z.string()) }),
  ),
  since: z.string().describe('since when the score is what it is'),
  judgedAt: z.string().describe('it is judged once an hour; what is as it was is written again once a day'),
})

/** What callers see of a risk. */
export const riskViewOf = (risk: StoredRisk): z.infer<typeof RiskView> => ({
  identity: risk.identityId,
  name: risk.name,
  score: risk.score,
  isHigh: risk.isHigh,
  factors: risk.factors.map((factor) => ({ ...factor, evidence: [...factor.evidence] })),
  since: risk.since.toISOString(),
  judgedAt: risk.judgedAt.toISOString(),
})

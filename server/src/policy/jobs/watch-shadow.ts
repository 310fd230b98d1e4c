import { createHash } from 'node:crypto'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import type { Shadow, ShadowDifference } from '../engine/index.ts'

/** Reports decisions on which the two engines do not agree: one finding for the same request and the same answers. */
export const watchShadow = (given: {
  database: Database
  shadow: Pick<Shadow, 'differences' | 'forget'>
  findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
}): Job => ({
  name: 'policy.shadow.watch',
  schedule: '*/10 * * * * *',
  run: async (now) => {
    const { database, shadow, findings } = given
    const differences = shadow.differences()
    if (differences.length === 0) return
    await database.write((tx) => findings.report(tx, differences.map(findingOf), now))
    // Only after the commit: what could not be reported is reported next time.
    shadow.forget(differences)
  },
})

const TEXT_MAX = 300

const findingOf = (difference: ShadowDifference): ReportedFinding => ({
  fingerprint: `policy-shadow:${createHash('sha256').update(JSON.stringify(difference)).digest('base64url').slice(0, 22)}`,
  rule: 'policy-engines-differ',
  severity: 'critical',
  confidence: 'high',
  owasp: 'NHI5',
  title: 'two policy engines do not agree on a decision',
  why: 'the compiled evaluator and the official engine answered the same request differently; one of them lets in or keeps out whom it should not',
  fix: 'set REEVE_POLICY_ENGINE=official, restart, and report the request and the policies as a bug',
  identity: null,
  where: null,
  evidence: {
    principal: difference.principal.slice(0, TEXT_MAX),
    action: difference.action.slice(0, TEXT_MAX),
    resource: difference.resource.slice(0, TEXT_MAX),
    compiled: difference.compiled.slice(0, TEXT_MAX),
    official: difference.official.slice(0, TEXT_MAX),
  },
})

import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { ReportedFinding } from '../../reported-finding.ts'
import { revisionOf } from '../memory/base.ts'
import type { PolicyMemory } from '../memory.ts'
import { allTexts } from '../store-set.ts'

/** Reports a stored policy set that is not the one that serves: one finding a set, whoever and how often it is seen. */
export const watchSet = (given: {
  database: Database
  memory: PolicyMemory
  findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
}): Job => ({
  name: 'policy.set.watch',
  schedule: '*/10 * * * * *',
  run: async (now) => {
    const { database, memory, findings } = given
    const problems = memory.problems()
    const [first] = problems
    if (first === undefined) return
    const stored = await allTexts(database.reader).catch(() => [])
    const finding: ReportedFinding = {
      fingerprint: `policy-set:${revisionOf(stored)}`,
      rule: 'policy-set-invalid',
      severity: 'critical',
      confidence: 'high',
      owasp: 'NHI6',
      title: 'the stored policy set is not valid; the last good one serves',
      why: 'somebody changed policies past the server; what is stored is not what decides, and a restart may not find a good set',
      fix: 'apply the directory again; `reeve set list` shows which revision serves',
      identity: null,
      where: first.file === undefined ? null : `${first.file}${first.line === undefined ? '' : `:${first.line}`}`,
      evidence: {
        problem: first.message.slice(0, 300),
        problems: String(problems.length),
        serving: memory.base().revision,
      },
    }
    await database.write((tx) => findings.report(tx, [finding], now))
  },
})
